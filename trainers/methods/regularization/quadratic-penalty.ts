import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, Term, Update, Vector } from "../../engine/contract.js";
import { fromParts, inParts } from "../../training/parameters.js";
import { loadJson, loadVectors, saveJson, saveVectors } from "../../training/state.js";

/**
 * Options that methods with a quadratic penalty share. The form says how the pull acts. `proximal`: a step after the
 * update, θ ← (θ + ηλF·θ*) / (1 + ηλF), stable for any λ. `gradient`: the term λF·(θ − θ*) in the gradient, before
 * clipping and Adam. λ of one form means little in the other.
 */
export const penaltyOptions = (lambda: number) => ({
  lambda: Type.Number({ minimum: 0, default: lambda, description: "Strength, for an importance of mean 1." }),
  form: Type.Enum(["proximal", "gradient"], { default: "proximal", description: "How the pull acts." }),
});

/** How a pull acts. */
export type PenaltyForm = OptionsOf<ReturnType<typeof penaltyOptions>>["form"];

/** λ/2 · Σ F·(θ − θ*)²: penalizes distance from an anchor θ*, weighted by importance F, once there is one. */
export class QuadraticPenalty {
  readonly #form: PenaltyForm;
  #past: { importance: Vector; anchor: Vector } | undefined;

  constructor(form: PenaltyForm) {
    this.#form = form;
  }

  get exclusive(): readonly "proximal"[] {
    return this.#form === "proximal" ? ["proximal"] : [];
  }

  /** The term of the gradient form; none before there is an anchor. */
  terms(lambda: number): Term[] {
    return this.#form === "gradient" && this.#past ? [{ kind: "quadratic", ...this.#past, weight: lambda }] : [];
  }

  /**
   * An objective's gradient at `parameters` less what the term of the gradient form added to it: a new vector, or the
   * gradient itself where it added nothing.
   */
  async without(model: Model, lambda: number, gradient: Vector, parameters: Vector): Promise<Vector> {
    if (this.#form !== "gradient" || !this.#past) return gradient;
    const distance = await model.combine([1, -1], [parameters, this.#past.anchor]);
    const force = await model.multiply(this.#past.importance, distance);
    await model.free(distance);
    const rest = await model.combine([1, -lambda], [gradient, force]);
    await model.free(force);
    return rest;
  }

  /** The pull of the proximal form; undefined before there is an anchor. */
  proximal(lambda: number): Update["proximal"] {
    return this.#form === "proximal" && this.#past ? { ...this.#past, strength: lambda } : undefined;
  }

  /**
   * Adds a task's importance, which stays the caller's. Without `decay` every task keeps its own anchor, which is one
   * quadratic with importance ΣF and anchor ΣFθ* / ΣF; with it F ← decay·F + F_new, and the anchor is where θ is now.
   */
  async remember(model: Model, importance: Vector, decay: number | null): Promise<void> {
    const now = await model.snapshot();
    const past = this.#past;
    if (!past) {
      this.#past = { importance: await model.combine([1], [importance]), anchor: now };
      return;
    }
    // What is no longer needed is freed before memory for the next vector is taken: each is as large as the model.
    let anchor = now;
    if (decay === null) {
      const mean = await weightedMean(model, [past.importance, importance], [past.anchor, now]);
      for (const vector of [past.anchor, now]) await model.free(vector);
      anchor = await model.write(mean);
    } else await model.free(past.anchor);
    const sum = await model.combine([decay ?? 1, 1], [past.importance, importance]);
    await model.free(past.importance);
    this.#past = { importance: sum, anchor };
  }

  /** Writes importance and anchor. */
  async save(directory: string, model: Model): Promise<void> {
    if (this.#past) {
      const { importance, anchor } = this.#past;
      saveVectors(directory, "anchor", { importance: await model.read(importance), anchor: await model.read(anchor) });
    }
    saveJson(directory, "tasks", { learned: this.#past !== undefined });
  }

  /** Reads what `save` wrote. */
  async restore(directory: string, model: Model): Promise<void> {
    if (!loadJson<{ learned: boolean }>(directory, "tasks").learned) return;
    const { importance, anchor } = loadVectors(directory, "anchor");
    this.#past = { importance: await model.write(importance!), anchor: await model.write(anchor!) };
  }
}

/** An importance over its mean, a new vector; with the mean, which is 0 where nothing matters. */
export async function normalized(model: Model, importance: Vector): Promise<{ importance: Vector; mean: number }> {
  let sum = 0;
  for await (const { values } of inParts(model, [importance])) for (const value of values[0]!) sum += value;
  const mean = sum / importance.length;
  return { importance: await model.combine([mean > 0 ? 1 / mean : 0], [importance]), mean };
}

/** Σ wᵢ·xᵢ / Σ wᵢ elementwise; where no weight is, the last x. */
function weightedMean(model: Model, weights: readonly Vector[], vectors: readonly Vector[]): Promise<Float32Array> {
  return fromParts(model, [...weights, ...vectors], ([first, second, old, latest], mean) => {
    for (let i = 0; i < mean.length; i++) {
      const total = first![i]! + second![i]!;
      mean[i] = total > 0 ? (first![i]! * old![i]! + second![i]! * latest![i]!) / total : latest![i]!;
    }
  });
}
