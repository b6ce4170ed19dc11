import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, Vector } from "../../engine/contract.js";
import type { Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  alpha: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.5,
    description: "Share of the fine-tuned weights: 0 leaves the anchor's, 1 those that the task ended with.",
  }),
  anchor: Type.Enum(["previous", "base"], {
    default: "previous",
    description: "What is averaged with: the model before the task, or the base model.",
  }),
};

type WiseOptions = OptionsOf<typeof options>;

/**
 * Weight-space ensembles (WiSE-FT; Wortsman et al., arXiv 2109.01903, section 3): after each task
 * θ ← (1 − α)·θ_anchor + α·θ, θ_anchor being the model before the task or the base model. The next task is trained
 * from the averaged weights. With an adapter only the adapter's parameters are averaged, for `base` with the
 * fresh adapter's. Privileges: none.
 */
export const wiseFt = defineMethod({
  name: "wise-ft",
  summary: "Averages the weights of before and after each task; the next task starts from the average.",
  source: "arXiv 2109.01903",
  version: 1,
  options,
  space: { alpha: { low: 0.1, high: 0.9, scale: "linear" }, learningRate: rateRange },
  vectors: () => 3,
  strategy: (chosen) => new WiseFt(chosen),
});

class WiseFt implements Strategy {
  readonly exclusive = ["averaging"] as const;
  readonly parameters = "shared";
  readonly #options: WiseOptions;
  #anchor: Vector | undefined;

  constructor(options: WiseOptions) {
    this.#options = options;
  }

  async open(model: Model): Promise<void> {
    if (this.#options.anchor === "base") this.#anchor = await model.snapshot();
  }

  async beforeTask({ model }: TaskContext): Promise<void> {
    if (this.#options.anchor === "previous") this.#anchor = await model.snapshot();
  }

  async afterTask({ model }: TaskContext): Promise<void> {
    const { alpha, anchor } = this.#options;
    const tuned = await model.snapshot();
    const average = await model.combine([1 - alpha, alpha], [this.#anchor!, tuned]);
    await model.restore(average);
    for (const vector of [tuned, average]) await model.free(vector);
    if (anchor === "previous") await model.free(this.#anchor!);
  }
}
