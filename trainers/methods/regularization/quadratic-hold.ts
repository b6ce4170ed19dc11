import type { Model, Term, Update, Vector } from "../../engine/contract.js";
import { loadJson, loadVectors, saveJson, saveVectors } from "../../training/state.js";

/**
 * How a quadratic pull acts. `proximal`: a step after the update, θ ← (θ + ηλF·θ*) / (1 + ηλF), stable for any λ.
 * `gradient`: the term λF·(θ − θ*) in the gradient, before clipping and Adam. λ of one form means little in the other.
 */
export type HoldForm = "proximal" | "gradient";

/** JSON schema of the options that methods with a quadratic hold share. */
export const holdOptions = (lambda: number) => ({
  lambda: { type: "number", minimum: 0, default: lambda, description: "Strength, for an importance of mean 1." },
  form: { enum: ["proximal", "gradient"], default: "proximal", description: "How the pull acts." },
});

/** λ/2 · Σ F·(θ − θ*)²: holds parameters near an anchor θ* by their importance F, once there is one. */
export class QuadraticHold {
  readonly #form: HoldForm;
  #past: { importance: Vector; anchor: Vector } | undefined;

  constructor(form: HoldForm) {
    this.#form = form;
  }

  get claims(): readonly "proximal"[] {
    return this.#form === "proximal" ? ["proximal"] : [];
  }

  terms(lambda: number): Term[] {
    return this.#form === "gradient" && this.#past ? [{ kind: "quadratic", ...this.#past, weight: lambda }] : [];
  }

  proximal(lambda: number): Update["proximal"] {
    return this.#form === "proximal" && this.#past ? { ...this.#past, strength: lambda } : undefined;
  }

  /**
   * Adds a task's importance, which stays the caller's. Without `decay` every task keeps its own anchor, which is one
   * quadratic with importance ΣF and anchor ΣFθ* / ΣF; with it F ← decay·F + F_new, and the anchor is where θ is now.
   */
  remember(model: Model, importance: Vector, decay: number | null): void {
    const now = model.snapshot();
    const past = this.#past;
    if (!past) {
      this.#past = { importance: model.combine([1], [importance]), anchor: now };
      return;
    }
    const sum = model.combine([decay ?? 1, 1], [past.importance, importance]);
    const anchor = decay === null ? weightedMean(model, [past.importance, importance], [past.anchor, now]) : now;
    for (const vector of [past.importance, past.anchor]) model.free(vector);
    if (anchor !== now) model.free(now);
    this.#past = { importance: sum, anchor };
  }

  save(directory: string, model: Model): void {
    if (this.#past) {
      const { importance, anchor } = this.#past;
      saveVectors(directory, "anchor", { importance: model.read(importance), anchor: model.read(anchor) });
    }
    saveJson(directory, "tasks", { learned: this.#past !== undefined });
  }

  restore(directory: string, model: Model): void {
    if (!loadJson<{ learned: boolean }>(directory, "tasks").learned) return;
    const { importance, anchor } = loadVectors(directory, "anchor");
    this.#past = { importance: model.write(importance!), anchor: model.write(anchor!) };
  }
}

/** An importance over its mean, a new vector; with the mean, which is 0 where nothing matters. */
export function normalized(model: Model, importance: Vector): { importance: Vector; mean: number } {
  const values = model.read(importance);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { importance: model.combine([mean > 0 ? 1 / mean : 0], [importance]), mean };
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
