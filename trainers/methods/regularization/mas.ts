import type { OptionsOf } from "../../../harness/contract/options.js";
import { random } from "../../../harness/contract/random.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model } from "../../engine/contract.js";
import type { Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange, strengthRange } from "../ranges.js";
import { normalized, penaltyOptions, QuadraticPenalty } from "./quadratic-penalty.js";

const options = {
  ...penaltyOptions(26.2),
  items: Type.Integer({ minimum: 1, default: 48, description: "Inputs behind each task's importance." }),
};

type MasOptions = OptionsOf<typeof options>;

/**
 * Memory aware synapses (Aljundi et al., arXiv 1711.09601): as EWC, with another importance, which needs no labels: the
 * mean over `items` training inputs of |∂‖F(x)‖² / ∂θ|, F(x) the logits before the answer's tokens (eq. 4). Importances
 * of tasks add up, each over its own mean; the anchor is where the latest task ended. Privileges: none.
 */
export const mas = defineMethod({
  name: "mas",
  summary: "Holds parameters that its outputs are sensitive to near their values; needs no labels.",
  source: "arXiv 1711.09601",
  version: 1,
  defaults: { learningRate: 1.5e-3 },
  options,
  space: { lambda: strengthRange, learningRate: rateRange },
  capabilities: ["importance"],
  vectors: () => 4,
  strategy: (chosen) => new Mas(chosen),
});

class Mas implements Strategy {
  readonly usesOwnBatches = true;
  readonly parameters = "shared";
  readonly exclusive: Strategy["exclusive"];
  readonly #options: MasOptions;
  readonly #penalty: QuadraticPenalty;

  constructor(options: MasOptions) {
    this.#options = options;
    this.#penalty = new QuadraticPenalty(options.form);
    this.exclusive = this.#penalty.exclusive;
  }

  terms() {
    return this.#penalty.terms(this.#options.lambda);
  }

  proximal() {
    return this.#penalty.proximal(this.#options.lambda);
  }

  async afterTask(task: TaskContext): Promise<void> {
    const { model, seed, view } = task;
    const stream = random({ seed, stream: "sensitivity", task: view.index });
    const drawn = stream.sample([...task.newItems], this.#options.items).map((item) => task.sequence(item));
    const sensitivity = await model.sensitivity(drawn);
    const { importance, mean } = await normalized(model, sensitivity);
    task.note("mean sensitivity", mean);
    await model.free(sensitivity);
    await this.#penalty.remember(model, importance, 1);
    await model.free(importance);
  }

  async save(directory: string, model: Model): Promise<void> {
    await this.#penalty.save(directory, model);
  }

  async restore(directory: string, model: Model): Promise<void> {
    await this.#penalty.restore(directory, model);
  }
}
