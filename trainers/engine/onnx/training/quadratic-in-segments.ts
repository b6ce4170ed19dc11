import type { Objective, Term } from "../../contract.js";
import { Graph } from "../graph/graph.js";
import { add } from "../graph/operators/index.js";
import { floats, type SessionOptions, type Tensor } from "../graph/session.js";
import { sessions } from "../graph/session-cache.js";
import { type Segment, segmentInputs } from "../parameters/segments.js";
import type { TrainableState } from "../parameters/trainable-state.js";
import type { VectorPool } from "../parameters/vector-pool.js";
import { type Prepared, quadraticTerms } from "./prepare.js";
import { quadratic } from "./quadratic.js";
import { scalar } from "./term-values.js";

/** The values of the quadratic terms of a large model, which its graphs leave out; their gradient is added to `gradient`. */
export async function quadraticsApart(
  model: Pick<Prepared, "large" | "state" | "vectors"> & { readonly session: SessionOptions },
  objective: Objective,
  gradient?: Float32Array,
): Promise<Record<string, Tensor>> {
  const { large, state, vectors, session } = model;
  const values: Record<string, Tensor> = {};
  for (const [i, term] of (large ? quadraticTerms(objective) : []).entries()) {
    values[`quadratic.${i}`] = floats([await quadraticInSegments(term, state, vectors, session, gradient)]);
  }
  return values;
}

/**
 * The value of a quadratic term before weighing, with its gradient added to `gradient` where that is given: bit for bit as in
 * `trainingGraph`, but in a run for each segment, which needs no memory but that of a segment.
 */
async function quadraticInSegments(
  { anchor, importance, weight }: Extract<Term, { kind: "quadratic" }>,
  { segments, store }: TrainableState,
  vectors: VectorPool,
  session: SessionOptions,
  gradient?: Float32Array,
): Promise<number> {
  const all = {
    parameters: store.values,
    "anchor.0": vectors.values(anchor, store.length),
    "importance.0": vectors.values(importance, store.length),
    ...(gradient ? { gradient } : {}),
  };
  let sum = 0;
  for (const segment of segments) {
    const { offset, length, shape } = segment;
    const own = Object.entries(all).map(([name, values]) => {
      return [`${name}.0`, floats(values.subarray(offset, offset + length), shape)] as const;
    });
    const feeds = Object.fromEntries(own);
    const result = await sessions.run(
      `quadratic ${JSON.stringify({ shape, gradient: gradient !== undefined })}`,
      () => segmentGraph(segment, gradient !== undefined),
      { ...feeds, "weight.0": floats([weight]) },
      { value: null, ...(gradient ? { "next.gradient": feeds["gradient.0"]! } : {}) },
      session,
    );
    sum = Math.fround(sum + scalar(result.value!));
  }
  return sum;
}

function segmentGraph(segment: Segment, hasGradient: boolean): Graph {
  const graph = new Graph();
  const parameters = segmentInputs(graph, "parameters", [segment]);
  const { value, forces } = quadratic(graph, 0, [segment], parameters);
  graph.output("value", value);
  if (hasGradient) graph.output("next.gradient", add(segmentInputs(graph, "gradient", [segment])[0]!, forces[0]!));
  return graph;
}
