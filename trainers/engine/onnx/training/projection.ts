import { BenchError } from "../../../../harness/contract/errors.js";
import type { Constraint, TensorLayout, Vector } from "../../contract.js";
import { insideHalfSpaces } from "../../half-spaces.js";
import { Graph, type Value } from "../graph/graph.js";
import { floats, type SessionOptions } from "../graph/session.js";
import { sessions } from "../graph/session-cache.js";
import type { VectorPool } from "../parameters/vector-pool.js";

/** A constraint whose projection is a separate step, between the gradient and the update. */
export type Projection = Extract<Constraint, { kind: "half-spaces" | "orthogonal" | "subspaces" }>;

export function isProjection(constraint: Constraint | undefined): constraint is Projection {
  return constraint !== undefined && constraint.kind !== "half-space" && constraint.kind !== "mask";
}

/** The gradient after projection by the constraint, as a new vector; `layout` is that of the trainable one. */
export async function projected(
  gradient: Vector,
  constraint: Projection,
  vectors: VectorPool,
  session: SessionOptions,
  layout: readonly TensorLayout[] = [],
): Promise<Vector> {
  if (constraint.kind === "subspaces") return outsideSubspaces(gradient, constraint, vectors, session, layout);
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

/** Matrix by matrix; sessions depend on the shape alone. */
async function outsideSubspaces(
  gradient: Vector,
  { matrices }: Extract<Constraint, { kind: "subspaces" }>,
  vectors: VectorPool,
  session: SessionOptions,
  layout: readonly TensorLayout[],
): Promise<Vector> {
  const result = vectors.copy(vectors.values(gradient));
  const values = vectors.values(result);
  for (const { name, left, right } of matrices) {
    const tensor = layout.find((one) => one.name === name);
    if (tensor?.shape.length !== 2) throw new BenchError("INTERNAL", `"${name}" is no matrix that is trained.`);
    const [out, width] = tensor.shape as [number, number];
    const own = values.subarray(tensor.offset, tensor.offset + tensor.length);
    const rows = (vector: Vector, columns: number) =>
      floats(vectors.values(vector), [vector.length / columns, columns]);
    const { projected } = await sessions.run(
      `outside subspaces of ${out} × ${width}`,
      () => outsideGraph(out, width),
      { matrix: floats(own, [out, width]), left: rows(left, out), right: rows(right, width) },
      undefined,
      session,
    );
    own.set(projected!.data as Float32Array);
  }
  return result;
}

/** H − (H·Rᵀ)·R with H = M − Lᵀ·(L·M), for M [out, in] and orthonormal rows L [., out], R [., in]. */
function outsideGraph(out: number, width: number): Graph {
  const graph = new Graph();
  const matrix = graph.input("matrix", [out, width]);
  const left = graph.input("left", ["left directions", out]);
  const right = graph.input("right", ["right directions", width]);
  const gemm = (a: Value, b: Value, shape: Value["shape"], attributes = {}) =>
    graph.node("Gemm", [a, b], shape, attributes);
  const minus = (a: Value, b: Value) => graph.node("Sub", [a, b], [out, width]);
  const above = minus(matrix, gemm(left, gemm(left, matrix, ["left directions", width]), [out, width], { transA: 1 }));
  const along = gemm(gemm(above, right, [out, "right directions"], { transB: 1 }), right, [out, width]);
  graph.output("projected", minus(above, along));
  return graph;
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
