import { type RandomKey, random } from "../../contract/random.js";

export interface MeanDiscrepancy {
  /** Biased estimate of MMD², at least 0. */
  squared: number;
  /**
   * Share of the permutations, the given split among them, whose MMD² is at least as large; of those until twenty were,
   * which is as exact (Besag and Clifford 1991, "Sequential Monte Carlo p-values").
   */
  pValue: number;
}

/** Permutations as extreme as the given split after which further ones say nothing new. */
const enough = 20;

/**
 * Maximum mean discrepancy between two samples of vectors (Gretton et al. 2012, eq. 5), under the kernel
 * exp(−‖x − y‖² / 2σ²) with σ² the median squared distance of the pooled sample, and its permutation test.
 * @param permutations at most.
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
  const sums = kernel.map((row) => row.reduce((sum, value) => sum + value, 0));
  const squared = discrepancy(kernel, sums, rows, before.length);
  let atLeast = 0;
  for (let step = 0; step < permutations; step++) {
    const shuffled = random({ ...key, step }).shuffle(rows);
    // Sums in another order differ in their last bits: a split that equals the given one must count.
    if (discrepancy(kernel, sums, shuffled, before.length) >= squared - 1e-12) atLeast++;
    if (atLeast === enough) return { squared, pValue: enough / (step + 1) };
  }
  return { squared, pValue: (atLeast + 1) / (permutations + 1) };
}

function gaussianKernel(points: readonly Float32Array[]): Float64Array[] {
  const kernel = points.map(() => new Float64Array(points.length));
  const pairs = new Float64Array((points.length * (points.length - 1)) / 2);
  let pair = 0;
  for (let i = 0; i < points.length; i++) {
    for (let j = 0; j < i; j++) pairs[pair++] = kernel[i]![j] = kernel[j]![i] = squaredDistance(points[i]!, points[j]!);
  }
  pairs.sort();
  const median = pairs[Math.floor(pairs.length / 2)]! || 1;
  return kernel.map((row) => row.map((distance) => Math.exp(-distance / (2 * median))));
}

function squaredDistance(x: Float32Array, y: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i]! - y[i]!) ** 2;
  return sum;
}

/**
 * MMD² where the first `size` of `rows` are one sample and the rest the other: what lies within the first sample, and the
 * sums of its rows, give the other two parts of the kernel.
 */
function discrepancy(
  kernel: readonly Float64Array[],
  sums: readonly number[],
  rows: readonly number[],
  size: number,
): number {
  const others = rows.length - size;
  let [within, ofFirst, all] = [0, 0, 0];
  for (let i = 0; i < rows.length; i++) {
    all += sums[i]!;
    if (i >= size) continue;
    ofFirst += sums[rows[i]!]!;
    const row = kernel[rows[i]!]!;
    for (let j = 0; j < size; j++) within += row[rows[j]!]!;
  }
  const across = ofFirst - within;
  const beyond = all - 2 * across - within;
  return Math.max(0, within / size ** 2 - (2 * across) / (size * others) + beyond / others ** 2);
}
