import { type RandomKey, random } from "../../contract/random.js";

export interface MeanDiscrepancy {
  /** Biased estimate of MMD², at least 0. */
  squared: number;
  /** Share of the permutations, the given split among them, whose MMD² is at least as large. */
  pValue: number;
}

/**
 * Maximum mean discrepancy between two samples of vectors (Gretton et al. 2012, eq. 5), under the kernel
 * exp(−‖x − y‖² / 2σ²) with σ² the median squared distance of the pooled sample, and its permutation test.
 * @param key of the permutations; each is drawn at its own `step`.
 * @throws RangeError where a sample is empty.
 */
export function meanDiscrepancy(
  before: readonly Float32Array[],
  now: readonly Float32Array[],
  permutations: number,
  key: Omit<RandomKey, "step">,
): MeanDiscrepancy {
  if (before.length === 0 || now.length === 0) throw new RangeError("Two samples of at least one vector");
  const kernel = gaussianKernel([...before, ...now]);
  const rows = kernel.map((_, row) => row);
  const squared = discrepancy(kernel, rows, before.length);
  let atLeast = 1;
  for (let step = 0; step < permutations; step++) {
    const shuffled = random({ ...key, step }).shuffle(rows);
    // Sums in another order differ in their last bits: a split that equals the given one must count.
    if (discrepancy(kernel, shuffled, before.length) >= squared - 1e-12) atLeast++;
  }
  return { squared, pValue: atLeast / (permutations + 1) };
}

function gaussianKernel(points: readonly Float32Array[]): number[][] {
  const distances = points.map((x) => points.map((y) => x.reduce((sum, value, i) => sum + (value - y[i]!) ** 2, 0)));
  const pairs = distances.flatMap((row, i) => row.slice(i + 1)).sort((a, b) => a - b);
  const median = pairs[Math.floor(pairs.length / 2)]! || 1;
  return distances.map((row) => row.map((distance) => Math.exp(-distance / (2 * median))));
}

/** MMD² where the first `size` of `rows` are one sample and the rest the other. */
function discrepancy(kernel: readonly number[][], rows: readonly number[], size: number): number {
  const weights = rows.map((_, index) => (index < size ? 1 / size : -1 / (rows.length - size)));
  let sum = 0;
  for (const [i, row] of rows.entries())
    for (const [j, column] of rows.entries()) sum += weights[i]! * weights[j]! * kernel[row]![column]!;
  return Math.max(0, sum);
}
