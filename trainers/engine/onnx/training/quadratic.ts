import type { Graph, Value } from "../graph/graph.js";
import { multiply, scale, subtract, total } from "../graph/operators/index.js";
import { type Segment, segmentInputs } from "../parameters/segments.js";

/** ½ Σ importance·(θ − anchor)² and its weighted gradient, a segment each. */
export function quadratic(graph: Graph, term: number, segments: readonly Segment[], parameters: readonly Value[]) {
  const anchors = segmentInputs(graph, `anchor.${term}`, segments);
  const importances = segmentInputs(graph, `importance.${term}`, segments);
  const weight = graph.input(`weight.${term}`, [1]);
  const distances = parameters.map((parameter, i) => subtract(parameter, anchors[i]!));
  const forces = distances.map((distance, i) => multiply(importances[i]!, distance));
  const values = distances.map((distance, i) => total(multiply(distance, forces[i]!)));
  const value = scale(values.length === 1 ? values[0]! : graph.node("Sum", values, []), 0.5);
  return { value, forces: forces.map((force) => multiply(force, weight)) };
}
