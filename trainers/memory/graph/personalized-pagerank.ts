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
  return { graph, steps };
}

/**
 * Personalized PageRank (Haveliwala 2002): the solution of p = d·P·p + (1 − d)·s, scaled to sum 1. Scaling is what sending the
 * probability of nodes without edges back to the seeds comes to, as igraph's `personalized_pagerank` does.
 *
 * In an undirected graph d·P has real eigenvalues within [−d, d], so that Chebyshev's semi-iteration converges by d / (1 + √(1 − d²)) a
 * step, for d = ½ by 0.27 instead of the power iteration's 0.5 (Golub & Varga 1961):
 * p(k+1) = ω(k+1)·(d·P·p(k) + (1 − d)·s − p(k−1)) + p(k−1), ω(1) = 1, ω(2) = 2 / (2 − d²), ω(k+1) = 1 / (1 − d²·ω(k) / 4).
 * Each row is summed in its order: the same graph and seeds give the same bits.
 *
 * @param seeds [nodes], not negative, not all 0; their scale means nothing.
 * @returns [nodes], of sum 1.
 */
export function personalizedPageRank(
  { graph, steps }: Walk,
  seeds: Float64Array,
  { damping, tolerance = 1e-6, mostIterations = 1000 }: WalkOptions,
): Float64Array {
  const { nodes, offsets, neighbors } = graph;
  const share = (1 - damping) / sum(seeds);
  const reset = seeds.map((value) => value * share);
  let current = reset.slice();
  let next = new Float64Array(nodes); // p(k−1), and then in its place p(k+1)
  let omega = 1;
  for (let iteration = 1; iteration <= mostIterations; iteration++) {
    if (iteration === 2) omega = 2 / (2 - damping * damping);
    else if (iteration > 2) omega = 1 / (1 - (damping * damping * omega) / 4);
    let change = 0;
    for (let row = 0, at = 0; row < nodes; row++) {
      const end = offsets[row + 1]!;
      let arriving = 0;
      for (; at < end; at++) arriving += steps[at]! * current[neighbors[at]!]!;
      const before = next[row]!;
      const value = omega * (damping * arriving + reset[row]! - before) + before;
      change += Math.abs(value - current[row]!);
      next[row] = value;
    }
    [current, next] = [next, current];
    if (change < tolerance) break;
  }
  const total = sum(current);
  return current.map((value) => value / total);
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
