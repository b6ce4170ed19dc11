import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { Vector } from "../../engine/contract.js";
import { movedAverage } from "../../training/parameters.js";
import type { RoutedRequest, StepContext, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  decay: Type.Number({
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0.99,
    description: "d: the average spans about 1 / (1 − d) steps. The paper's 0.999 is for tasks of many thousands.",
  }),
};

type EmaOptions = OptionsOf<typeof options>;

/**
 * An exponential moving average of the weights (Polyak & Juditsky's averaging, SIAM J. Control Optim. 30(4), with a
 * constant decay as in Tarvainen & Valpola, arXiv 1703.01780): θ̄ ← d·θ̄ + (1 − d)·θ after every step, restarted each
 * task at the weights that it starts from. Questions are answered by θ̄, during a task too; at its end θ̄ becomes the
 * model, and the next task goes on from there. Privileges: none.
 */
export const ema = defineMethod({
  name: "ema",
  summary: "Answers with an exponential moving average of the weights over steps, and continues from it.",
  source: "Polyak & Juditsky 1992; constant decay as in arXiv 1703.01780",
  version: 1,
  options,
  space: { decay: { values: [0.9, 0.97, 0.99, 0.997, 0.999] }, learningRate: rateRange },
  vectors: () => 2,
  strategy: (chosen) => new Ema(chosen),
});

class Ema implements Strategy {
  readonly exclusive = ["averaging"] as const;
  readonly #decay: number;
  /** While a task is being learned. */
  #average: Vector | undefined;

  constructor({ decay }: EmaOptions) {
    this.#decay = decay;
  }

  async beforeTask({ model }: TaskContext): Promise<void> {
    this.#average = await model.snapshot();
  }

  async afterStep({ model }: StepContext): Promise<void> {
    this.#average = await movedAverage(model, this.#average!, this.#decay, 1 - this.#decay);
  }

  async afterTask({ model }: TaskContext): Promise<void> {
    await model.restore(this.#average!);
    await model.free(this.#average!);
    this.#average = undefined;
  }

  async routeInference<R extends RoutedRequest>(requests: readonly R[]): Promise<R[]> {
    return requests.map((request) => ({ ...request, weights: request.weights ?? this.#average }));
  }
}
