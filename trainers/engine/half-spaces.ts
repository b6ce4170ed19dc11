import type { Constraint, Vector } from "./objective.js";

/** What of an engine computes with vectors, here or in another process. */
interface VectorArithmetic {
  dot(a: Vector, b: Vector): number | Promise<number>;
  combine(weights: readonly number[], vectors: readonly Vector[]): Vector | Promise<Vector>;
}

/** The gradient inside all half-spaces, as a new vector. */
export async function insideHalfSpaces(
  gradient: Vector,
  { normals, margin }: Extract<Constraint, { kind: "half-spaces" }>,
  vectors: VectorArithmetic,
): Promise<Vector> {
  const slopes: number[] = [];
  for (const normal of normals) slopes.push(await vectors.dot(gradient, normal));
  if (slopes.every((slope) => slope >= 0)) return vectors.combine([1], [gradient]);
  const products: number[][] = normals.map(() => []);
  for (const [i, row] of products.entries()) {
    for (let j = 0; j <= i; j++) {
      row[j] = await vectors.dot(normals[i]!, normals[j]!);
      products[j]![i] = row[j]!;
    }
  }
  const multipliers = halfSpaceMultipliers(products, slopes, margin);
  return vectors.combine([1, ...multipliers], [gradient, ...normals]);
}

/**
 * The multipliers v ≥ margin that minimize ½·vᵀQv + pᵀv, where Q[i][j] = ⟨nᵢ, nⱼ⟩ and p[i] = ⟨g, nᵢ⟩: the dual of
 * finding the vector nearest to g in all half-spaces ⟨·, nᵢ⟩ ≥ 0 (GEM, 1706.08840, eq. 11). g + Σ v·n then lies in them.
 * By the active-set method of Lawson & Hanson (Solving Least Squares Problems, 1974, chapter 23), exact for the few
 * constraints of a sequence of tasks. A ridge of 10⁻¹⁰ of the mean diagonal keeps parallel normals apart.
 */
export function halfSpaceMultipliers(
  products: readonly (readonly number[])[],
  slopes: readonly number[],
  margin: number,
): number[] {
  const count = slopes.length;
  const ridge = (1e-10 * products.reduce((sum, row, i) => sum + row[i]!, 0)) / count;
  const matrix = products.map((row, i) => row.map((value, j) => value + (i === j ? ridge : 0)));
  const linear = slopes.map((slope, i) => slope + margin * matrix[i]!.reduce((sum, value) => sum + value, 0));
  const tolerance = 1e-12 * Math.max(...linear.map(Math.abs), Number.MIN_VALUE);
  let values: number[] = Array(count).fill(0);
  const free = new Set<number>();
  for (let round = 0; round < 3 * count + 10; round++) {
    const descent = linear.map((own, i) => -own - matrix[i]!.reduce((sum, value, j) => sum + value * values[j]!, 0));
    const held = descent.map((_, i) => i).filter((i) => !free.has(i));
    const steepest = held.reduce((best, i) => (best < 0 || descent[i]! > descent[best]! ? i : best), -1);
    if (steepest < 0 || descent[steepest]! <= tolerance) break;
    free.add(steepest);
    values = settle(matrix, linear, values, free);
  }
  return values.map((value) => value + margin);
}

/** Moves to the minimum over the free values; those that would fall below zero on the way are held there. */
function settle(
  matrix: readonly number[][],
  linear: readonly number[],
  start: readonly number[],
  free: Set<number>,
): number[] {
  let values = start.slice();
  while (free.size > 0) {
    const indices = [...free];
    const solved = solve(
      indices.map((i) => indices.map((j) => matrix[i]![j]!)),
      indices.map((i) => -linear[i]!),
    );
    const goal: number[] = values.map(() => 0);
    indices.forEach((index, k) => {
      goal[index] = solved[k]!;
    });
    const blocked = indices.filter((i) => goal[i]! <= 0);
    if (blocked.length === 0) return goal;
    const share = Math.min(...blocked.map((i) => values[i]! / (values[i]! - goal[i]!)));
    values = values.map((value, i) => value + share * (goal[i]! - value));
    for (const i of blocked) if (values[i]! <= 1e-15 * Math.max(1, ...values)) free.delete(i);
    for (const i of values.keys()) if (!free.has(i)) values[i] = 0;
  }
  return values;
}

/** Solves a positive definite system by Gaussian elimination with pivots on the diagonal. */
function solve(matrix: number[][], right: number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const size = rows.length;
  for (let pivot = 0; pivot < size; pivot++) {
    for (let row = pivot + 1; row < size; row++) {
      const factor = rows[row]![pivot]! / rows[pivot]![pivot]!;
      for (let column = pivot; column <= size; column++) rows[row]![column]! -= factor * rows[pivot]![column]!;
    }
  }
  const solution: number[] = Array(size).fill(0);
  for (let row = size - 1; row >= 0; row--) {
    const known = solution.reduce((sum, value, column) => (column > row ? sum + rows[row]![column]! * value : sum), 0);
    solution[row] = (rows[row]![size]! - known) / rows[row]![row]!;
  }
  return solution;
}
