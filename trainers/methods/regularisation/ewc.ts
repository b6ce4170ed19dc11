import { BenchError } from "../../../harness/contract/errors.js";
import { random } from "../../../harness/contract/random.js";
import type { FisherKind, Model, Vector } from "../../engine/contract.js";
import { loadJson, loadVectors, saveJson, saveVectors } from "../../training/state.js";
import type { Strategy, TaskContext } from "../../training/strategy.js";
import type { Method } from "../method.js";
import { ElasticStrength } from "./elastic-strength.js";

interface EwcOptions {
  lambda: number;
  form: "proximal" | "gradient";
  fisher: FisherKind;
  items: number;
  gamma: number | null;
  elasticBeta: number | null;
}

/**
 * Elastic weight consolidation (Kirkpatrick et al., arXiv 1612.00796): parameters that mattered for earlier tasks are
 * held near the values that they had, by λ/2 · Σ F·(θ − θ*)², F the diagonal of the Fisher information.
 * - F of a task: mean over `items` of its training examples of the squared gradient, one example at a time, of the
 *   example's own labels (`empirical`) or of labels drawn from the model (`sampled`); then divided by its mean over
 *   all trainable parameters, so that λ has the same meaning for every model and task.
 * - Several tasks: every task keeps its anchor, which is one quadratic with importance ΣF and anchor ΣFθ* / ΣF; or,
 *   with `gamma`, online EWC (Schwarz et al., arXiv 1805.06370): F ← γF + F_new with the latest θ as anchor.
 * - The pull is a proximal step after the update, θ ← (θ + ηλF·θ*) / (1 + ηλF), stable for any λ; or, with the form
 *   `gradient`, the term λF·(θ − θ*) in the gradient, before clipping and Adam. λ of one form means little in the other.
 * Privileges: none.
 */
export const ewc: Method = {
  name: "ewc",
  summary: "Holds parameters that mattered for earlier tasks near their values, by the Fisher information.",
  source: "arXiv 1612.00796; online form arXiv 1805.06370",
  version: 1,
  options: {
    lambda: { type: "number", minimum: 0, default: 6, description: "Strength, for a Fisher information of mean 1." },
    form: { enum: ["proximal", "gradient"], default: "proximal", description: "How the pull acts." },
    fisher: {
      enum: ["empirical", "sampled"],
      default: "empirical",
      description: "Squared gradients of the true labels, or of labels drawn from the model.",
    },
    items: { type: "integer", minimum: 1, default: 48, description: "Training examples behind each task's Fisher." },
    gamma: {
      type: ["number", "null"],
      minimum: 0,
      maximum: 1,
      default: null,
      description: "Decay of the old Fisher in online EWC; null keeps an anchor for every task.",
    },
    elasticBeta: {
      type: ["number", "null"],
      minimum: 0,
      maximum: 1,
      default: null,
      description:
        "Rate at which λ moves, before each task, towards what the task's similarity to earlier ones asks for, within 0.001 to 0.1; null holds λ. Needs the form `gradient`.",
    },
  },
  space: { lambda: { low: 0.5, high: 50, scale: "log" } },
  needs: () => ({}),
  strategy: (options) => new Ewc(options as unknown as EwcOptions),
};

class Ewc implements Strategy {
  readonly name = "ewc";
  readonly claims: Strategy["claims"];
  readonly #options: EwcOptions;
  readonly #elastic: ElasticStrength | undefined;
  /** ΣF and the anchor, once a task was learnt. */
  #past: { importance: Vector; anchor: Vector } | undefined;

  constructor(options: EwcOptions) {
    this.#options = options;
    this.claims = options.form === "proximal" ? ["proximal"] : [];
    if (options.elasticBeta === null) return;
    if (options.form === "proximal") {
      throw new BenchError(
        "CONFIG_INVALID",
        "elasticBeta moves λ within 0.001 to 0.1, which holds nothing in the proximal form.",
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
    if (this.#options.form !== "gradient" || !this.#past) return [];
    return [{ kind: "quadratic" as const, ...this.#past, weight: this.#lambda() }];
  }

  proximal() {
    if (this.#options.form !== "proximal" || !this.#past) return undefined;
    return { ...this.#past, strength: this.#lambda() };
  }

  async afterTask(task: TaskContext): Promise<void> {
    const { model, seed, view } = task;
    const stream = random({ seed, stream: "fisher", task: view.index });
    const drawn = stream.sample([...task.newItems], this.#options.items).map((item) => task.sequence(item));
    const fisher = await model.fisher(drawn, this.#options.fisher, stream.integer(2 ** 31));
    const values = model.read(fisher);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    task.note("mean Fisher information", mean);
    const normalised = model.combine([mean > 0 ? 1 / mean : 0], [fisher]);
    model.free(fisher);
    this.#remember(model, normalised);
    model.free(normalised);
  }

  async save(directory: string, model: Model): Promise<void> {
    if (this.#past) {
      const { importance, anchor } = this.#past;
      saveVectors(directory, "anchor", { importance: model.read(importance), anchor: model.read(anchor) });
    }
    saveJson(directory, "tasks", { learnt: this.#past !== undefined });
    this.#elastic?.save(directory);
  }

  async restore(directory: string, model: Model): Promise<void> {
    if (loadJson<{ learnt: boolean }>(directory, "tasks").learnt) {
      const { importance, anchor } = loadVectors(directory, "anchor");
      this.#past = { importance: model.write(importance!), anchor: model.write(anchor!) };
    }
    this.#elastic?.restore(directory);
  }

  #lambda(): number {
    return this.#elastic?.lambda ?? this.#options.lambda;
  }

  #remember(model: Model, fisher: Vector): void {
    const { gamma } = this.#options;
    const now = model.snapshot();
    const past = this.#past;
    if (!past) {
      this.#past = { importance: model.combine([1], [fisher]), anchor: now };
      return;
    }
    const importance = model.combine([gamma ?? 1, 1], [past.importance, fisher]);
    const anchor = gamma === null ? weightedMean(model, [past.importance, fisher], [past.anchor, now]) : now;
    for (const vector of [past.importance, past.anchor]) model.free(vector);
    if (anchor !== now) model.free(now);
    this.#past = { importance, anchor };
  }
}

/** Σ wᵢ·xᵢ / Σ wᵢ elementwise; where no weight is, the last x. */
function weightedMean(model: Model, weights: readonly Vector[], vectors: readonly Vector[]): Vector {
  const [first, second] = weights.map((vector) => model.read(vector));
  const [old, latest] = vectors.map((vector) => model.read(vector));
  const mean = latest!.map((value, i) => {
    const total = first![i]! + second![i]!;
    return total > 0 ? (first![i]! * old![i]! + second![i]! * value) / total : value;
  });
  return model.write(mean);
}
