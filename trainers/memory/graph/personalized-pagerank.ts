import type { SparseGraph } from "./sparse-graph.js";

/** How a walk goes. */
export interface WalkOptions {
  /** Probability of following an edge instead of going back to the seeds. */
  damping: number;
  /** The iteration ends when the probabilities change by less than this in sum. */
  tolerance?: number;
  mostIterations?: number;
}

/** What does not change from query to query: edge weights divided by the strength of the neighbor. */
export interface Walk {
  graph: SparseGraph;
  /** Probability of stepping to the row's node from the entry's neighbor. */
  steps: Float64Array;
  /** Nodes without edges. */
  dangling: Int32Array;
}

/** Prepares a graph for any number of walks. */
export function walkOn(graph: SparseGraph): Walk {
  const { nodes, offsets, neighbors, weights } = graph;
  const strengths = new Float64Array(nodes);
  for (let row = 0; row < nodes; row++) {
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) strengths[row]! += weights[at]!;
  }
  const steps = new Float64Array(weights.length);
  for (let at = 0; at < steps.length; at++) steps[at] = weights[at]! / strengths[neighbors[at]!]!;
  const dangling = Int32Array.from(strengths.keys()).filter((node) => strengths[node] === 0);
  return { graph, steps, dangling };
}

/**
 * Personalized PageRank (Haveliwala 2002) by power iteration: p ← d·P·p + (1 − d)·s, where the probability of nodes
 * without edges goes back to the seeds, as in igraph's `personalized_pagerank`. Each row is summed in its order, so that the
 * same graph and seeds give the same bits.
 *
 * @param seeds [nodes], not negative, not all 0; scaled to sum 1.
 * @returns [nodes], of sum 1.
 */
export function personalizedPageRank(
  { graph, steps, dangling }: Walk,
  seeds: Float64Array,
  { damping, tolerance = 1e-6, mostIterations = 1000 }: WalkOptions,
): Float64Array {
  const { nodes, offsets, neighbors } = graph;
  const total = seeds.reduce((sum, value) => sum + value, 0);
  const reset = seeds.map((value) => value / total);
  let current = reset.slice();
  let next = new Float64Array(nodes);
  for (let iteration = 0; iteration < mostIterations; iteration++) {
    let lost = 0;
    for (const node of dangling) lost += current[node]!;
    const back = 1 - damping + damping * lost;
    let change = 0;
    for (let row = 0, at = 0; row < nodes; row++) {
      const end = offsets[row + 1]!;
      let arriving = 0;
      for (; at < end; at++) arriving += steps[at]! * current[neighbors[at]!]!;
      const value = damping * arriving + back * reset[row]!;
      change += Math.abs(value - current[row]!);
      next[row] = value;
    }
    [current, next] = [next, current];
    if (change < tolerance) break;
  }
  return current;
}
