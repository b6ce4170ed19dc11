import { BenchError } from "../../../harness/contract/errors.js";
import { nullable, type OptionsOf } from "../../../harness/contract/options.js";
import { random } from "../../../harness/contract/random.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model } from "../../engine/contract.js";
import type { Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange, strengthRange } from "../ranges.js";
import { ElasticStrength } from "./elastic-strength.js";
import { normalized, penaltyOptions, QuadraticPenalty } from "./quadratic-penalty.js";

const options = {
  ...penaltyOptions(6),
  fisher: Type.Enum(["empirical", "sampled", "exact"], {
    default: "empirical",
    description:
      "Squared gradients of the true labels, of labels drawn from the model, or the expectation over its distribution.",
  }),
  coverage: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.999,
    description: "Probability that the labels of an exact Fisher make up, the likeliest first.",
  }),
  items: Type.Integer({ minimum: 1, default: 48, description: "Training examples behind each task's Fisher." }),
  gamma: nullable(
    Type.Number({
      minimum: 0,
      maximum: 1,
      default: null,
      description: "Decay of the old Fisher in online EWC; null keeps an anchor for every task.",
    }),
  ),
  elasticBeta: nullable(
    Type.Number({
      minimum: 0,
      maximum: 1,
      default: null,
      description:
        "Rate at which λ moves, before each task, toward what the task's similarity to earlier ones asks for, within 0.001 to 0.1; null keeps λ constant. Needs the form `gradient`.",
    }),
  ),
  rateReduction: Type.Number({
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0,
    description: "Reduction of the learning rate relative to plain fine-tuning; 0.5 to 0.8 are usual.",
  }),
};

type EwcOptions = OptionsOf<typeof options>;

/**
 * Elastic weight consolidation (Kirkpatrick et al., arXiv 1612.00796): parameters that mattered for earlier tasks are
 * held near the values that they had, by λ/2 · Σ F·(θ − θ*)², F the diagonal of the Fisher information.
 * - F of a task: mean over `items` of its training examples of the squared gradient, one example at a time: over the
 *   model's own distribution of each answer token (`exact`, on that sample), of labels drawn from it (`sampled`), or of
 *   the example's own labels (`empirical`); then divided by its mean over all trainable parameters, so that λ has the
 *   same meaning for every model and task. (Which estimate matters: van de Ven, arXiv 2502.11756.)
 * - Several tasks: every task keeps its anchor, which is one quadratic with importance ΣF and anchor ΣFθ* / ΣF; or,
 *   with `gamma`, online EWC (Schwarz et al., arXiv 1805.06370): F ← γF + F_new with the latest θ as anchor.
 * - The pull is a proximal step after the update, or a term in the gradient: see `PenaltyForm`.
 * Privileges: none.
 */
export const ewc = defineMethod({
  name: "ewc",
  default: true,
  summary: "Holds parameters that mattered for earlier tasks near their values, by the Fisher information.",
  source: "arXiv 1612.00796; online form arXiv 1805.06370",
  version: 1,
  options,
  space: { lambda: strengthRange, learningRate: rateRange },
  capabilities: ["importance"],
  vectors: () => 4,
  strategy: (chosen) => new Ewc(chosen),
});

class Ewc implements Strategy {
  readonly parameters = "shared";
  readonly usesOwnBatches = true;
  readonly exclusive: Strategy["exclusive"];
  readonly rateFactor: number;
  readonly #options: EwcOptions;
  readonly #elastic: ElasticStrength | undefined;
  readonly #penalty: QuadraticPenalty;

  constructor(options: EwcOptions) {
    this.#options = options;
    this.#penalty = new QuadraticPenalty(options.form);
    this.exclusive = this.#penalty.exclusive;
    this.rateFactor = 1 - options.rateReduction;
    if (options.elasticBeta === null) return;
    if (options.form === "proximal") {
      throw new BenchError(
        "CONFIG_INVALID",
        "elasticBeta moves λ within 0.001 to 0.1, which is too weak to have an effect in the proximal form.",
        {
          fix: "Add `form: gradient`, or leave elasticBeta out.",
        },
      );
    }
    this.#elastic = new ElasticStrength(options.lambda, options.elasticBeta);
  }

  async beforeTask(task: TaskContext): Promise<void> {
    await this.#elastic?.beforeTask(task);
    task.note("lambda", this.#lambda());
  }

  terms() {
    return this.#penalty.terms(this.#lambda());
  }

  proximal() {
    return this.#penalty.proximal(this.#lambda());
  }

  async afterTask(task: TaskContext): Promise<void> {
    const { model, seed, view } = task;
    const { fisher: kind, coverage, items, gamma } = this.#options;
    const stream = random({ seed, stream: "fisher", task: view.index });
    const drawn = stream.sample([...task.newItems], items).map((item) => task.sequence(item));
    const fisher = await model.fisher(drawn, kind, stream.integer(2 ** 31), coverage);
    const { importance, mean } = await normalized(model, fisher);
    task.note("mean Fisher information", mean);
    await model.free(fisher);
    await this.#penalty.remember(model, importance, gamma);
    await model.free(importance);
  }

  async save(directory: string, model: Model): Promise<void> {
    await this.#penalty.save(directory, model);
    this.#elastic?.save(directory);
  }

  async restore(directory: string, model: Model): Promise<void> {
    await this.#penalty.restore(directory, model);
    this.#elastic?.restore(directory);
  }

  #lambda(): number {
    return this.#elastic?.lambda ?? this.#options.lambda;
  }
}
