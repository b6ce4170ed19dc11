import { BenchError } from "../../../harness/contract/errors.js";
import type { OptionsOf } from "../../../harness/contract/options.js";
import { random } from "../../../harness/contract/random.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, StepReport } from "../../engine/contract.js";
import { parametersOf, setParameters } from "../../training/parameters.js";
import type { StepContext, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { adapterOptions } from "./adapter-options.js";
import { Importance, rankBudget, type Triplet, tripletsOf } from "./rank-budget.js";

const options = {
  rank: Type.Integer({ minimum: 1, default: 12, description: "Triplets of each matrix at the start of a task." }),
  targetRank: Type.Integer({
    minimum: 1,
    default: 8,
    description: "Triplets that are kept at its end, as a mean over matrices; at most `rank`.",
  }),
  ...adapterOptions,
  importanceBeta1: smoothing("the sensitivity"),
  importanceBeta2: smoothing("its uncertainty"),
  orthogonality: Type.Number({ minimum: 0, default: 0.5, description: "Weight of ‖PᵀP − I‖² + ‖QQᵀ − I‖²." }),
  warmShare: share(0.1, "Share of a task's steps before the budget falls."),
  lastShare: share(0.4, "Share of a task's steps, at its end, that train what was kept."),
};

type AdaptiveOptions = OptionsOf<typeof options>;

/**
 * Adaptive rank (AdaLoRA; Zhang et al., arXiv 2303.10512): ΔW = P·Λ·Q on every targeted matrix, with
 * `orthogonality` · Σ ‖PᵀP − I‖² + ‖QQᵀ − I‖². After each step only the most important triplets of all matrices keep
 * their element of Λ; the others' is set to zero, and may grow again while there is a budget for it. The budget falls
 * from `rank` to `targetRank` a matrix by a cubic schedule.
 * In a sequence every task goes through the schedule: at its end what is not kept is pruned for good, and the next task
 * draws new directions in its place, which start with Λ = 0. The adapter opens in PEFT. Privileges: none.
 */
export const adalora = defineMethod({
  name: "adalora",
  summary: "Trains one low-rank adapter whose rank moves to the matrices where it matters most.",
  source: "arXiv 2303.10512",
  version: 1,
  defaults: { learningRate: 1e-2 },
  options,
  space: { learningRate: { low: 2e-3, high: 5e-2, scale: "log" }, orthogonality: { low: 0.05, high: 5, scale: "log" } },
  capabilities: ["adapters", "adaptive-adapters"],
  strategy: (chosen) => new AdaLora(chosen),
});

class AdaLora implements Strategy {
  readonly exclusive = ["adapter"] as const;
  readonly conflicts = { averaging: "an average brings back triplets that were pruned" };
  readonly readsGradient = true;
  readonly #options: AdaptiveOptions;
  #triplets: Triplet[] = [];
  /** While a task is learned. */
  #importance: Importance | undefined;
  #kept: ReadonlySet<Triplet> = new Set();
  #before: Float32Array = new Float32Array();

  constructor(options: AdaptiveOptions) {
    this.#options = options;
    const { rank, targetRank } = options;
    if (targetRank <= rank) return;
    throw new BenchError("CONFIG_INVALID", `A target rank of ${targetRank} is above the initial rank of ${rank}.`, {
      fix: "Raise rank, or lower targetRank.",
    });
  }

  async open(model: Model, seed: number): Promise<void> {
    const { rank, targetRank, alpha, dropout, targetModules } = this.#options;
    await model.adapt({ kind: "adalora", rank, targetRank, alpha, dropout, targetModules }, seed);
    this.#triplets = tripletsOf((await model.trainable()).layout);
  }

  async beforeTask({ model, seed, view }: TaskContext): Promise<void> {
    const { importanceBeta1, importanceBeta2 } = this.#options;
    this.#importance = new Importance((await model.trainable()).length, importanceBeta1, importanceBeta2);
    this.#kept = new Set(this.#triplets);
    await this.#change(model, (values) => {
      for (const [item, { row, column }] of this.#triplets.entries()) {
        if ([...row, ...column].some((index) => values[index] !== 0)) continue;
        const draw = random({ seed, stream: "adalora-directions", task: view.index, item });
        for (const indices of [row, column]) {
          for (const index of indices) values[index] = draw.normal() / Math.sqrt(indices.length);
        }
      }
    });
  }

  async beforeStep({ model }: StepContext): Promise<void> {
    this.#before = await parametersOf(model);
  }

  terms() {
    return [{ kind: "orthonormality" as const, weight: this.#options.orthogonality }];
  }

  async afterStep({ model, step, steps }: StepContext, report: StepReport): Promise<void> {
    this.#importance!.observe(this.#before, await model.read(report.gradient!));
    const { warmShare, lastShare } = this.#options;
    const final = Math.round(lastShare * steps);
    const schedule = { warm: Math.min(Math.round(warmShare * steps), steps - final), final, steps };
    if (step <= steps - final) this.#keep(rankBudget(this.#budgets, schedule, step));
    await this.#change(model, (values) => {
      for (const triplet of this.#triplets) if (!this.#kept.has(triplet)) values[triplet.strength] = 0;
    });
  }

  async afterTask({ model, note }: TaskContext): Promise<void> {
    if (this.#kept.size > this.#budgets.target) this.#keep(this.#budgets.target);
    await this.#change(model, (values) => {
      for (const triplet of this.#triplets) {
        if (this.#kept.has(triplet)) continue;
        for (const index of [triplet.strength, ...triplet.row, ...triplet.column]) values[index] = 0;
      }
    });
    note("triplets kept", this.#kept.size);
  }

  get #budgets(): { all: number; target: number } {
    const all = this.#triplets.length;
    return { all, target: Math.round((all * this.#options.targetRank) / this.#options.rank) };
  }

  /** Keeps the most important triplets, the first of equal ones. */
  #keep(budget: number): void {
    const ranked = this.#triplets.map((triplet) => ({ triplet, importance: this.#importance!.of(triplet) }));
    ranked.sort((a, b) => b.importance - a.importance);
    this.#kept = new Set(ranked.slice(0, budget).map(({ triplet }) => triplet));
  }

  async #change(model: Model, edit: (values: Float32Array) => void): Promise<void> {
    const values = await parametersOf(model);
    edit(values);
    await setParameters(model, values);
  }
}

function smoothing(of: string) {
  const description = `Share of the past in the average of ${of} over steps.`;
  return Type.Number({ minimum: 0, exclusiveMaximum: 1, default: 0.85, description });
}

function share(value: number, description: string) {
  return Type.Number({ minimum: 0, maximum: 1, default: value, description });
}
