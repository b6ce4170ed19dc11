import type { SparseGraph } from "./sparse-graph.js";

/** How a walk goes. */
export interface WalkOptions {
  /** Probability of following an edge instead of going back to the seeds. */
  damping: number;
  /** Bound of the error in sum over the nodes, apart from the rounding of single precision, which is about 1e-7. */
  tolerance?: number;
  mostIterations?: number;
}

/** What does not change from query to query. */
export interface Walk {
  graph: SparseGraph;
  /** [nodes], the root of the sum of a node's edge weights; 1 for a node without edges. */
  roots: Float64Array;
}

/** Prepares a graph for any number of walks. */
export function walkOn(graph: SparseGraph): Walk {
  const { nodes, offsets, weights } = graph;
  const roots = new Float64Array(nodes);
  for (let row = 0, at = 0; row < nodes; row++) {
    let strength = 0;
    for (; at < offsets[row + 1]!; at++) strength += weights[at]!;
    roots[row] = strength > 0 ? Math.sqrt(strength) : 1;
  }
  return { graph, roots };
}

/**
 * Personalized PageRank (Haveliwala 2002): the solution of p = d·P·p + (1 − d)·s, scaled to sum 1. Scaling is what sending the
 * probability of nodes without edges back to the seeds comes to, as igraph's `personalized_pagerank` does.
 *
 * The graph is undirected: P = W·D⁻¹ with the edge weights W and their sums D. In x = D^(−½)·p the equation is
 * (I − d·D^(−½)·W·D^(−½))·x = (1 − d)·D^(−½)·s, whose matrix is symmetric with eigenvalues within [1 − d, 1 + d], and is solved by
 * conjugate gradients (Hestenes & Stiefel 1952). They begin with p = s, which has the probability of each connected part
 * already. Since ‖(I − d·P)⁻¹‖₁ = 1 / (1 − d), the error in sum is at most the residual's divided by 1 − d.
 *
 * All sums are made in the order of the nodes: the same graph and seeds give the same bits.
 *
 * @param seeds [nodes], not negative, not all 0; their scale means nothing.
 * @returns [nodes], of sum 1.
 */
export function personalizedPageRank(
  { graph, roots }: Walk,
  seeds: Float64Array,
  { damping, tolerance = 1e-6, mostIterations = 1000 }: WalkOptions,
): Float64Array {
  const { nodes, offsets } = graph;
  const total = sum(seeds);
  const solution = new Float64Array(nodes);
  const residual = new Float64Array(nodes);
  const scaled = new Float32Array(nodes);
  const image = new Float64Array(nodes);
  for (let i = 0; i < nodes; i++) {
    const seed = seeds[i]! / total / roots[i]!;
    residual[i] = (1 - damping) * seed;
    // A node without edges keeps what it gets from the seeds.
    solution[i] = offsets[i] === offsets[i + 1] ? residual[i]! : seed;
  }
  apply(graph, roots, damping, solution, scaled, image);
  let squares = 0;
  for (let i = 0; i < nodes; i++) {
    residual[i]! -= image[i]!;
    squares += residual[i]! * residual[i]!;
  }
  const direction = residual.slice();
  for (let iteration = 1; iteration <= mostIterations && squares > 0; iteration++) {
    apply(graph, roots, damping, direction, scaled, image);
    let energy = 0;
    for (let i = 0; i < nodes; i++) energy += direction[i]! * image[i]!;
    const step = squares / energy;
    let [next, distance] = [0, 0];
    for (let i = 0; i < nodes; i++) {
      solution[i]! += step * direction[i]!;
      const left = residual[i]! - step * image[i]!;
      residual[i] = left;
      next += left * left;
      distance += Math.abs(left) * roots[i]!;
    }
    if (distance <= tolerance * (1 - damping)) break;
    const share = next / squares;
    squares = next;
    for (let i = 0; i < nodes; i++) direction[i] = residual[i]! + share * direction[i]!;
  }
  for (let i = 0; i < nodes; i++) solution[i]! *= roots[i]!;
  const scale = sum(solution);
  return solution.map((value) => value / scale);
}

/** image = vector − d·D^(−½)·W·D^(−½)·vector. `scaled` is room for D^(−½)·vector, in single precision: half of the memory to read at random. */
function apply(
  { nodes, offsets, neighbors, weights }: SparseGraph,
  roots: Float64Array,
  damping: number,
  vector: Float64Array,
  scaled: Float32Array,
  image: Float64Array,
): void {
  for (let i = 0; i < nodes; i++) scaled[i] = vector[i]! / roots[i]!;
  for (let row = 0, at = 0; row < nodes; row++) {
    const end = offsets[row + 1]!;
    let arriving = 0;
    for (; at < end; at++) arriving += weights[at]! * scaled[neighbors[at]!]!;
    image[row] = vector[row]! - (damping * arriving) / roots[row]!;
  }
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
