import type { SparseGraph } from "./sparse-graph.js";
import { type SparseProduct, type SplitGraph, sparseProduct } from "./sparse-product.js";

/** How a walk goes. */
export interface WalkOptions {
  /** Probability of following an edge instead of going back to the seeds. */
  damping: number;
  /** Bound of the error in sum over the nodes before they are scaled to sum 1, apart from the rounding of single precision, about 1e-7. */
  tolerance?: number;
  mostIterations?: number;
}

/** What does not change from query to query. */
export interface Walk extends SplitGraph {
  /** [nodes], the sum of a node's edge weights; 1 for a node without edges. */
  strengths: Float64Array;
  /** [nodes], 1 / strength. */
  inverse: Float64Array;
  /** [first], the sum of the weights of a node's edges to nodes before the independent ones. */
  direct: Float64Array;
  /** [first] each; every query writes over them. */
  scratch: Record<"solution" | "residual" | "direction" | "image" | "kept", Float64Array>;
}

/**
 * Prepares a graph for any number of walks.
 *
 * @param independent how many nodes at the end have no edges among themselves, as passages; the walk costs less with them.
 */
export function walkOn(graph: SparseGraph, independent = 0): Walk {
  const { nodes, offsets, neighbors, weights } = graph;
  const first = nodes - independent;
  const strengths = new Float64Array(nodes).fill(1);
  const direct = new Float64Array(first);
  for (let row = 0, at = 0; row < nodes; row++) {
    const end = offsets[row + 1]!;
    let strength = 0;
    for (; at < end && neighbors[at]! < first; at++) strength += weights[at]!;
    if (row < first) direct[row] = strength;
    for (; at < end; at++) strength += weights[at]!;
    if (strength > 0) strengths[row] = strength;
  }
  const vector = () => new Float64Array(first);
  const scratch = { solution: vector(), residual: vector(), direction: vector(), image: vector(), kept: vector() };
  return { graph, first, strengths, inverse: strengths.map((strength) => 1 / strength), direct, scratch };
}

/**
 * Personalized PageRank (Haveliwala 2002): the solution of p = d·P·p + (1 − d)·s, scaled to sum 1. Scaling is what sending the
 * probability of nodes without edges back to the seeds comes to, as igraph's `personalized_pagerank` does.
 *
 * The graph is undirected: P = W·D⁻¹ with the edge weights W and their sums D. Independent nodes t are eliminated: their
 * equation is p_t = d·W_tf·D_f⁻¹·p_f + (1 − d)·s_t, of the other nodes f alone. In x = D_f⁻¹·p_f what is left is S·x = b with
 * S = D_f − d·W_ff − d²·W_ft·D_t⁻¹·W_tf and b = (1 − d)·(s_f + d·W_ft·D_t⁻¹·s_t), where S is symmetric and D_f⁻¹·S has no
 * eigenvalue below 1 − d. It is solved by conjugate gradients (Hestenes & Stiefel 1952) with the preconditioner D_f, which begin
 * with the multiple of the walk's stationary distribution, x = 1, that has the probability of the solution.
 *
 * At the end x + D_f⁻¹·r is taken, with what is left of the right side, r: that costs no product, and leaves (D_f − S)·D_f⁻¹·r,
 * whose sum is at most Σ |r_i|·(1 − (S·1)_i / D_i), since D_f − S is not negative. Since ‖(I − d·P)⁻¹‖₁ = 1 / (1 − d), the error
 * in sum is at most that, divided by 1 − d.
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
  const { first, inverse, scratch } = walk;
  const { solution, residual, direction, image, kept } = scratch;
  const system = new WalkSystem(walk, damping);
  const share = (1 - damping) / sum(seeds);
  const ranks = new Float64Array(seeds.length);
  for (let i = 0; i < seeds.length; i++) ranks[i] = share * seeds[i]!;
  system.begin(ranks);
  let [squares, turn] = [0, 0];
  for (let i = 0; i < first; i++) squares += residual[i]! * residual[i]! * inverse[i]!;
  direction.fill(0);
  for (let iteration = 1; iteration <= mostIterations && squares > 0; iteration++) {
    for (let i = 0; i < first; i++) direction[i] = residual[i]! * inverse[i]! + turn * direction[i]!;
    const step = squares / system.apply(direction, image);
    let [next, distance] = [0, 0];
    for (let i = 0; i < first; i++) {
      solution[i]! += step * direction[i]!;
      const left = residual[i]! - step * image[i]!;
      residual[i] = left;
      const scaled = Math.abs(left) * inverse[i]!;
      next += Math.abs(left) * scaled;
      distance += Math.abs(left) - scaled * kept[i]!;
    }
    if (distance <= tolerance * (1 - damping)) break;
    turn = next / squares;
    squares = next;
  }
  const total = system.complete(ranks);
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

  /**
   * Writes where conjugate gradients begin, `solution`, what is left of the right side there, `residual`, and S·1, `kept`. A node
   * without edges has what it gets from the seeds.
   */
  begin(reset: Float64Array): void {
    const { first, strengths, inverse, direct, graph, scratch } = this.#walk;
    const { solution, residual, kept } = scratch;
    const { input, output } = this.#product;
    for (let i = first; i < reset.length; i++) input[i] = reset[i]! * inverse[i]!;
    this.#product.fromIndependent();
    let [mass, part] = [0, 0];
    for (let i = 0; i < first; i++) {
      const connected = graph.offsets[i] !== graph.offsets[i + 1];
      const [strength, own] = [strengths[i]!, direct[i]!];
      solution[i] = connected ? 0 : reset[i]!;
      residual[i] = connected ? reset[i]! + this.#damping * output[i]! : 0;
      kept[i] = connected ? strength - this.#damping * (own + this.#damping * (strength - own)) : 0;
      mass += residual[i]!;
      part += kept[i]!;
    }
    const multiple = part > 0 ? mass / part : 0;
    for (let i = 0; i < first; i++) {
      if (kept[i] === 0) continue;
      solution[i] = multiple;
      residual[i]! -= multiple * kept[i]!;
    }
  }

  /** image = S·vector; returns vector·image. */
  apply(vector: Float64Array, image: Float64Array): number {
    const { first, strengths, inverse } = this.#walk;
    const { input, output } = this.#product;
    for (let i = 0; i < first; i++) input[i] = vector[i]!;
    this.#product.toIndependent();
    for (let i = first; i < input.length; i++) input[i] = this.#damping * output[i]! * inverse[i]!;
    this.#product.toFirst();
    let energy = 0;
    for (let i = 0; i < first; i++) {
      const value = strengths[i]! * vector[i]! - this.#damping * output[i]!;
      image[i] = value;
      energy += vector[i]! * value;
    }
    return energy;
  }

  /** Writes the probabilities of all nodes over `ranks`, which is what they get from the seeds. Returns their sum. */
  complete(ranks: Float64Array): number {
    const { first, strengths, inverse, scratch } = this.#walk;
    const { solution, residual } = scratch;
    const { input, output } = this.#product;
    let total = 0;
    for (let i = 0; i < first; i++) {
      const rank = strengths[i]! * solution[i]! + residual[i]!;
      ranks[i] = rank;
      input[i] = rank * inverse[i]!;
      total += rank;
    }
    this.#product.toIndependent();
    for (let i = first; i < ranks.length; i++) {
      ranks[i]! += this.#damping * output[i]!;
      total += ranks[i]!;
    }
    return total;
  }
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
