import type { Update, Vector } from "../../contract.js";
import type { ParameterStore } from "../parameters/parameter-store.js";
import { freeze } from "./component-rates.js";
import { isProjection, projected } from "./projection.js";
import { updateInOneGraph } from "./update-in-one-graph.js";
import { updateInPieces } from "./update-in-pieces.js";
import type { Updatable } from "./update-inputs.js";

/** What of a model an update needs, with a projection or without. */
interface Projectable extends Updatable {
  readonly trainable: ParameterStore;
  /** Whether an update is carried out in pieces. */
  readonly large: boolean;
  snapshot(): Vector;
  restore(vector: Vector): void;
}

/**
 * An update with a given gradient; returns the gradient's norm within the constraint. One that is a projection comes before
 * the update and, for subspaces, once more behind it, of what that made of the parameters.
 *
 * @param frozen whether the gradient is 0 where a rate is.
 */
export async function constrainedUpdate(
  model: Projectable,
  gradient: Vector,
  update: Update,
  frozen: boolean,
): Promise<number> {
  const { vectors } = model;
  const run = (vector: Vector, own: Update) =>
    (model.large ? updateInPieces : updateInOneGraph)(model, vectors.values(vector, model.trainable.length), own);
  const { constraint: asked, ...plain } = update;
  if (!isProjection(asked)) return run(gradient, update);
  const copies: Vector[] = [];
  /** What a vector is where a rate is not 0. */
  const moving = (vector: Vector): Vector => {
    if (Object.keys(update.componentRates ?? {}).length === 0) return vector;
    const copy = vectors.copy(vectors.values(vector, model.trainable.length));
    freeze(model.trainable, update.componentRates, vectors.values(copy));
    copies.push(copy);
    return copy;
  };
  const constraint = asked.kind === "half-spaces" ? { ...asked, normals: asked.normals.map(moving) } : asked;
  const project = (vector: Vector) => projected(vector, constraint, vectors, model.session, model.trainable.tensors);
  const within = await project(frozen ? gradient : moving(gradient));
  const before = constraint.kind === "subspaces" ? model.snapshot() : undefined;
  const norm = await run(within, plain);
  if (before) await projectMovement(model, before, project);
  for (const vector of [within, ...copies]) vectors.free(vector);
  return norm;
}

/** Projects what an update made of the parameters, and frees `before`. */
async function projectMovement(
  model: Projectable,
  before: Vector,
  project: (movement: Vector) => Promise<Vector>,
): Promise<void> {
  const { vectors } = model;
  const after = model.snapshot();
  const movement = vectors.combine([1, -1], [after, before]);
  const kept = await project(movement);
  const moved = vectors.combine([1, 1], [before, kept]);
  model.restore(moved);
  for (const vector of [before, after, movement, kept, moved]) vectors.free(vector);
}
