import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, StepReport, Vector } from "../../engine/contract.js";
import { fromParts } from "../../training/parameters.js";
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
 * the unregularized loss), Δθ what the update made of it. The anchor is where the latest task ended. The path is summed in
 * float32 where the model computes. Privileges: none.
 */
export const si = defineMethod({
  name: "si",
  summary: "Holds parameters whose paths lowered the loss near their values; gathers importance while it trains.",
  source: "arXiv 1703.04200",
  version: 3,
  defaults: { learningRate: 1.5e-3 },
  options,
  space: { lambda: strengthRange, learningRate: rateRange },
  vectors: () => 7, // importance, anchor, path, start, the parameters before a step, and two on the way to the next path
  strategy: (chosen) => new SynapticIntelligence(chosen),
});

class SynapticIntelligence implements Strategy {
  readonly parameters = "shared";
  readonly readsGradient = true;
  readonly exclusive: Strategy["exclusive"];
  readonly #options: SiOptions;
  readonly #penalty: QuadraticPenalty;
  /** While a task is learned: ω so far, and the parameters at the task's start and before the step. */
  #path!: Vector;
  #start!: Vector;
  #before!: Vector;

  constructor(options: SiOptions) {
    this.#options = options;
    this.#penalty = new QuadraticPenalty(options.form);
    this.exclusive = this.#penalty.exclusive;
  }

  async beforeTask({ model }: TaskContext): Promise<void> {
    this.#start = await model.snapshot();
    this.#before = await model.snapshot();
    this.#path = await model.combine([0], [this.#start]);
  }

  terms() {
    return this.#penalty.terms(this.#options.lambda);
  }

  proximal() {
    return this.#penalty.proximal(this.#options.lambda);
  }

  /** What is no longer needed is freed at once: each vector is as large as the model. */
  async afterStep({ model }: StepContext, { gradient }: StepReport): Promise<void> {
    const [path, before] = [this.#path, this.#before];
    const slope = await this.#penalty.without(model, this.#options.lambda, gradient!, before);
    this.#before = await model.snapshot();
    const moved = await model.combine([1, -1], [this.#before, before]);
    await model.free(before);
    const rise = await model.multiply(slope, moved);
    for (const vector of slope === gradient ? [moved] : [moved, slope]) await model.free(vector);
    this.#path = await model.combine([1, -1], [path, rise]);
    for (const vector of [path, rise]) await model.free(vector);
  }

  async afterTask({ model, note }: TaskContext): Promise<void> {
    await model.free(this.#before);
    const end = await model.snapshot();
    const gone = await model.combine([1, -1], [end, this.#start]);
    for (const vector of [end, this.#start]) await model.free(vector);
    const importance = await fromParts(model, [this.#path, gone], ([path, distance], into) => {
      for (let i = 0; i < into.length; i++) {
        into[i] = Math.max(0, path![i]!) / (distance![i]! ** 2 + this.#options.xi);
      }
    });
    for (const vector of [this.#path, gone]) await model.free(vector);
    const given = await model.write(importance);
    const own = await normalized(model, given);
    note("mean importance", own.mean);
    await model.free(given);
    await this.#penalty.remember(model, own.importance, 1);
    await model.free(own.importance);
  }

  async save(directory: string, model: Model): Promise<void> {
    await this.#penalty.save(directory, model);
  }

  async restore(directory: string, model: Model): Promise<void> {
    await this.#penalty.restore(directory, model);
  }
}
