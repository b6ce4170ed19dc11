import type { Constraint, Vector } from "../../contract.js";
import { insideHalfSpaces } from "../../half-spaces.js";
import { Graph } from "../graph/graph.js";
import { floats, type SessionOptions } from "../graph/session.js";
import { sessions } from "../graph/session-cache.js";
import type { VectorPool } from "../parameters/vector-pool.js";

/** A constraint whose projection is a separate step, between the gradient and the update. */
export type Projection = Extract<Constraint, { kind: "half-spaces" | "orthogonal" }>;

export function isProjection(constraint: Constraint | undefined): constraint is Projection {
  return constraint?.kind === "half-spaces" || constraint?.kind === "orthogonal";
}

/** The gradient after projection by the constraint, as a new vector. */
export async function projected(
  gradient: Vector,
  constraint: Projection,
  vectors: VectorPool,
  session: SessionOptions,
): Promise<Vector> {
  if (constraint.kind === "half-spaces") return insideHalfSpaces(gradient, constraint, vectors);
  const { length } = gradient;
  const basis = vectors.values(constraint.basis);
  const result = await sessions.run(
    `orthogonal complement of ${length}`,
    () => complementGraph(length),
    { gradient: floats(vectors.values(gradient), [length, 1]), basis: floats(basis, [basis.length / length, length]) },
    undefined,
    session,
  );
  return vectors.hold(result.projected!.data as Float32Array);
}

/** g − Bᵀ(B·g), for g [length, 1] and an orthonormal basis B [directions, length]. */
function complementGraph(length: number): Graph {
  const graph = new Graph();
  const gradient = graph.input("gradient", [length, 1]);
  const basis = graph.input("basis", ["directions", length]);
  const components = graph.node("Gemm", [basis, gradient], ["directions", 1]);
  const along = graph.node("Gemm", [basis, components], [length, 1], { transA: 1 });
  graph.output("projected", graph.node("Sub", [gradient, along], [length, 1]));
  return graph;
}
