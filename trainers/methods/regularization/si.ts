import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, StepReport, Vector } from "../../engine/contract.js";
import { parametersOf } from "../../training/parameters.js";
import type { StepContext, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange, strengthRange } from "../ranges.js";
import { normalized, penaltyOptions, QuadraticPenalty } from "./quadratic-penalty.js";

const options = {
  ...penaltyOptions(26.2),
  xi: Type.Number({
    exclusiveMinimum: 0,
    default: 1e-3,
    description: "ξ, which bounds the importance of parameters that did not move.",
  }),
};

type SiOptions = OptionsOf<typeof options>;

/**
 * Synaptic intelligence (Zenke et al., arXiv 1703.04200): as EWC, with an importance that is gathered while a task is
 * learned: what each parameter's path contributed to the fall of the loss, ω = −Σ g·Δθ over the steps, over the distance
 * that it went, Ω += max(0, ω) / ((θ_end − θ_start)² + ξ) (eqs. 3 to 5), then over its mean, so that λ means what it means in EWC (the
 * paper's c multiplies Ω as it is). g is the gradient of the loss before clipping, without the penalty's own (section 3:
 * the unregularized loss), Δθ what the update made of it. The anchor is where the latest task ended. Privileges: none.
 */
export const si = defineMethod({
  name: "si",
  summary: "Holds parameters whose paths lowered the loss near their values; gathers importance while it trains.",
  source: "arXiv 1703.04200",
  version: 2,
  defaults: { learningRate: 1.5e-3 },
  options,
  space: { lambda: strengthRange, learningRate: rateRange },
  vectors: () => 5,
  strategy: (chosen) => new SynapticIntelligence(chosen),
});

class SynapticIntelligence implements Strategy {
  readonly parameters = "shared";
  readonly readsGradient = true;
  readonly exclusive: Strategy["exclusive"];
  readonly #options: SiOptions;
  readonly #penalty: QuadraticPenalty;
  /** ω of the task so far, and the parameters at its start and before the step. */
  #path: Float64Array = new Float64Array();
  #start: Float32Array = new Float32Array();
  #before: Float32Array = new Float32Array();

  constructor(options: SiOptions) {
    this.#options = options;
    this.#penalty = new QuadraticPenalty(options.form);
    this.exclusive = this.#penalty.exclusive;
  }

  async beforeTask({ model }: TaskContext): Promise<void> {
    this.#start = await parametersOf(model);
    this.#before = this.#start;
    this.#path = new Float64Array(this.#start.length);
  }

  terms() {
    return this.#penalty.terms(this.#options.lambda);
  }

  proximal() {
    return this.#penalty.proximal(this.#options.lambda);
  }

  async afterStep({ model }: StepContext, { gradient }: StepReport): Promise<void> {
    const after = await parametersOf(model);
    const slope = await this.#penalty.without(model, this.#options.lambda, gradient!, this.#before);
    for (let i = 0; i < after.length; i++) this.#path[i]! -= slope[i]! * (after[i]! - this.#before[i]!);
    this.#before = after;
  }

  async afterTask({ model, note }: TaskContext): Promise<void> {
    const end = await parametersOf(model);
    const importance = new Float32Array(this.#path.length); // `from` would build an array of all values first
    for (let i = 0; i < importance.length; i++) {
      importance[i] = Math.max(0, this.#path[i]!) / ((end[i]! - this.#start[i]!) ** 2 + this.#options.xi);
    }
    const given: Vector = await model.write(importance);
    const own = await normalized(model, given);
    note("mean importance", own.mean);
    await this.#penalty.remember(model, own.importance, 1);
    for (const vector of [given, own.importance]) await model.free(vector);
  }

  async save(directory: string, model: Model): Promise<void> {
    await this.#penalty.save(directory, model);
  }

  async restore(directory: string, model: Model): Promise<void> {
    await this.#penalty.restore(directory, model);
  }
}
