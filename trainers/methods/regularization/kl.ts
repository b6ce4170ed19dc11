import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { Logits, Model, Term, Vector } from "../../engine/contract.js";
import type { StepContext, Strategy } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  beta: Type.Number({ minimum: 0, default: 1, description: "Weight of the divergence." }),
  direction: Type.Enum(["forward", "reverse"], {
    default: "forward",
    description: "forward: KL(base ‖ model), which covers what the base would answer; reverse: KL(model ‖ base).",
  }),
};

type KlOptions = OptionsOf<typeof options>;

/**
 * Nearness to the base: loss + beta · KL between the base model's and the model's distribution of each token of the
 * answer, given the tokens before it, on the new task's inputs. What it penalizes is the distance that predicts
 * forgetting in RL's Razor (Shenfeld et al., arXiv 2509.04259), there between policies over whole answers, here token by
 * token on the labels. `lwf` differs in its teacher, the model from before the task. Privileges: none.
 */
export const kl = defineMethod({
  name: "kl",
  summary: "Keeps the answers on the new task's inputs near those of the base model.",
  source: "baseline; the distance of arXiv 2509.04259",
  version: 1,
  options,
  space: {
    beta: { low: 0.01, high: 10, scale: "log" },
    direction: { values: ["forward", "reverse"] },
    learningRate: rateRange,
  },
  capabilities: ["logits", "reverse-distillation"],
  effort: () => 1.4,
  vectors: () => 1,
  strategy: (chosen) => new NearBase(chosen),
});

class NearBase implements Strategy {
  readonly #options: KlOptions;
  #base: Vector | undefined;
  #answers: Logits | undefined;

  constructor(options: KlOptions) {
    this.#options = options;
  }

  async open(model: Model): Promise<void> {
    this.#base = await model.snapshot();
  }

  async beforeStep({ model, batch }: StepContext): Promise<void> {
    this.#answers = batch.length > 0 ? await model.logits(batch, this.#base) : undefined;
  }

  terms({ batch }: StepContext): Term[] {
    if (!this.#answers) return [];
    const { beta: weight, direction } = this.#options;
    const teacher = this.#answers;
    if (direction === "reverse") return [{ kind: "reverse-distillation", batch, teacher, weight }];
    return [{ kind: "distillation", batch, teacher, temperature: 1, weight }];
  }
}
