import type { SparseGraph } from "./sparse-graph.js";
import { type SparseProduct, type SplitGraph, sparseProduct } from "./sparse-product.js";

/** How a walk goes. */
export interface WalkOptions {
  /** Probability of following an edge instead of going back to the seeds. */
  damping: number;
  /** Bound of the error in sum over the nodes, apart from the rounding of single precision, which is about 1e-7. */
  tolerance?: number;
  mostIterations?: number;
}

/** What does not change from query to query. */
export interface Walk extends SplitGraph {
  /** [nodes], the sum of a node's edge weights; 1 for a node without edges. */
  strengths: Float64Array;
  /** [nodes], the root of it. */
  roots: Float64Array;
  /** [first], the sum of the weights of a node's edges to nodes before the independent ones. */
  direct: Float64Array;
  /** [first] each; every query writes over them. */
  scratch: Record<"solution" | "residual" | "direction" | "image" | "stationary", Float64Array>;
}

/**
 * Prepares a graph for any number of walks.
 *
 * @param independent how many nodes at the end have no edges among themselves, as passages; the walk costs less with them.
 */
export function walkOn(graph: SparseGraph, independent = 0): Walk {
  const { nodes, offsets, neighbors, weights } = graph;
  const first = nodes - independent;
  const splits = new Int32Array(first);
  const strengths = new Float64Array(nodes).fill(1);
  const direct = new Float64Array(first);
  for (let row = 0, at = 0; row < nodes; row++) {
    const end = offsets[row + 1]!;
    let strength = 0;
    for (; at < end && neighbors[at]! < first; at++) strength += weights[at]!;
    if (row < first) [splits[row], direct[row]] = [at, strength];
    for (; at < end; at++) strength += weights[at]!;
    if (strength > 0) strengths[row] = strength;
  }
  const vector = () => new Float64Array(first);
  const scratch = {
    solution: vector(),
    residual: vector(),
    direction: vector(),
    image: vector(),
    stationary: vector(),
  };
  return { graph, first, splits, strengths, roots: strengths.map(Math.sqrt), direct, scratch };
}

/**
 * Personalized PageRank (Haveliwala 2002): the solution of p = d·P·p + (1 − d)·s, scaled to sum 1. Scaling is what sending the
 * probability of nodes without edges back to the seeds comes to, as igraph's `personalized_pagerank` does.
 *
 * The graph is undirected: P = W·D⁻¹ with the edge weights W and their sums D. Independent nodes t are eliminated: their
 * equation is p_t = d·W_tf·D_f⁻¹·p_f + (1 − d)·s_t, of the other nodes f alone. In x = D^(−½)·p_f what is left is
 * (I − d·A_ff − d²·A_ft·A_tf)·x = (1 − d)·(D^(−½)·s)_f + d·A_ft·(1 − d)·(D^(−½)·s)_t with A = D^(−½)·W·D^(−½), a Schur complement of
 * I − d·A: symmetric, with no eigenvalue below 1 − d. It is solved by conjugate gradients (Hestenes & Stiefel 1952), which begin
 * with the multiple of D^½, the walk's stationary distribution, that has the probability of the solution. Since
 * ‖(I − d·P)⁻¹‖₁ = 1 / (1 − d), the error in sum is at most the residual's divided by 1 − d.
 *
 * All sums are made in a fixed order: the same graph and seeds give the same bits.
 *
 * @param seeds [nodes], not negative, not all 0; their scale means nothing.
 * @returns [nodes], of sum 1.
 */
export function personalizedPageRank(
  walk: Walk,
  seeds: Float64Array,
  { damping, tolerance = 1e-6, mostIterations = 1000 }: WalkOptions,
): Float64Array {
  const { first, roots } = walk;
  const system = new WalkSystem(walk, damping);
  const share = (1 - damping) / sum(seeds);
  const reset = new Float64Array(seeds.length);
  for (let i = 0; i < seeds.length; i++) reset[i] = share * seeds[i]!;
  system.begin(reset);
  const { solution, residual, direction, image } = walk.scratch;
  direction.set(residual);
  let squares = 0;
  for (let i = 0; i < first; i++) squares += residual[i]! * residual[i]!;
  for (let iteration = 1; iteration <= mostIterations && squares > 0; iteration++) {
    system.apply(direction, image);
    let energy = 0;
    for (let i = 0; i < first; i++) energy += direction[i]! * image[i]!;
    const step = squares / energy;
    let [next, distance] = [0, 0];
    for (let i = 0; i < first; i++) {
      solution[i]! += step * direction[i]!;
      const left = residual[i]! - step * image[i]!;
      residual[i] = left;
      next += left * left;
      distance += Math.abs(left) * roots[i]!;
    }
    if (distance <= tolerance * (1 - damping)) break;
    const turn = next / squares;
    squares = next;
    for (let i = 0; i < first; i++) direction[i] = residual[i]! + turn * direction[i]!;
  }
  const ranks = system.complete(solution, reset);
  const total = sum(ranks);
  for (let i = 0; i < ranks.length; i++) ranks[i]! /= total;
  return ranks;
}

/** The equations of a walk without its independent nodes. */
class WalkSystem {
  readonly #walk: Walk;
  readonly #damping: number;
  readonly #product: SparseProduct;

  constructor(walk: Walk, damping: number) {
    this.#walk = walk;
    this.#damping = damping;
    this.#product = sparseProduct(walk);
  }

  /** Writes where conjugate gradients begin, `solution`, and what is left of the right side there, `residual`. A node without edges keeps what it gets. */
  begin(reset: Float64Array): void {
    const { first, roots, strengths, direct, graph, scratch } = this.#walk;
    const { solution, residual, stationary } = scratch;
    for (const vector of [solution, residual, stationary]) vector.fill(0);
    const { output, through } = this.#product;
    for (let i = 0; i < through.length; i++) through[i] = reset[first + i]! / strengths[first + i]!;
    output.fill(0);
    this.#product.scatter();
    let [mass, part] = [0, 0];
    for (let i = 0; i < first; i++) {
      if (graph.offsets[i] === graph.offsets[i + 1]) {
        solution[i] = reset[i]!;
        continue;
      }
      const arriving = reset[i]! + this.#damping * output[i]!;
      residual[i] = arriving / roots[i]!;
      const kept = strengths[i]! - this.#damping * (direct[i]! + this.#damping * (strengths[i]! - direct[i]!));
      stationary[i] = kept / roots[i]!;
      mass += arriving;
      part += kept;
    }
    const multiple = part > 0 ? mass / part : 0;
    for (let i = 0; i < first; i++) {
      if (stationary[i] === 0) continue;
      solution[i] = multiple * roots[i]!;
      residual[i]! -= multiple * stationary[i]!;
    }
  }

  /** image = (I − d·A_ff − d²·A_ft·A_tf)·vector. */
  apply(vector: Float64Array, image: Float64Array): void {
    const { first, roots, strengths } = this.#walk;
    const { input, output, through } = this.#product;
    for (let i = 0; i < first; i++) input[i] = vector[i]! / roots[i]!;
    this.#product.gather();
    for (let i = 0; i < through.length; i++) through[i]! *= this.#damping / strengths[first + i]!;
    this.#product.scatter();
    for (let i = 0; i < first; i++) image[i] = vector[i]! - (this.#damping * output[i]!) / roots[i]!;
  }

  /** The probabilities of all nodes, in the place of `ranks`, which is what they get from the seeds. */
  complete(solution: Float64Array, ranks: Float64Array): Float64Array {
    const { first, roots } = this.#walk;
    const { input, through } = this.#product;
    for (let i = 0; i < first; i++) {
      ranks[i] = solution[i]! * roots[i]!;
      input[i] = solution[i]! / roots[i]!;
    }
    this.#product.gather();
    for (let i = 0; i < through.length; i++) ranks[first + i]! += this.#damping * through[i]!;
    return ranks;
  }
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
