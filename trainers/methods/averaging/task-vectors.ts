import { type RandomKey, random } from "../../../harness/contract/random.js";

/** What fine-tuning on a task changed: θ − θ₀ (Ilharco et al., 2212.04089). All of one merging are of one length. */
export type TaskVector = Float32Array;

/** TIES, trimming (Yadav et al., 2306.01708, algorithm 1): the `density` of a vector's elements with the largest magnitudes stay, the others are 0. Ties of magnitudes all stay. */
export function trim(vector: TaskVector, density: number): TaskVector {
  const kept = Math.round(density * vector.length);
  if (kept === 0) return new Float32Array(vector.length);
  const magnitudes = vector.map(Math.abs).sort();
  const least = magnitudes[vector.length - kept]!;
  return vector.map((value) => (Math.abs(value) >= least ? value : 0));
}

/**
 * TIES, election and disjoint mean (2306.01708, algorithm 1): each parameter's sign is that of the sum over the trimmed
 * vectors (where that is 0, the sign that most parameters elected); the mean over those whose element has it is taken.
 */
export function electSigns(trimmed: readonly TaskVector[]): Float64Array {
  const sums = new Float64Array(trimmed[0]!.length);
  for (const vector of trimmed) for (let i = 0; i < sums.length; i++) sums[i]! += vector[i]!;
  const majority = Math.sign(sums.reduce((all, sum) => all + Math.sign(sum), 0));
  return sums.map((sum, i) => {
    const sign = Math.sign(sum) || majority;
    let [total, count] = [0, 0];
    for (const vector of trimmed) {
      if (vector[i]! * sign <= 0) continue;
      total += vector[i]!;
      count++;
    }
    return count === 0 ? 0 : total / count;
  });
}

/** DARE, dropping (Yu et al., 2311.03099, eq. 2): each element becomes 0 with probability `probability`. */
export function dropped(vector: TaskVector, probability: number, key: RandomKey): TaskVector {
  const stream = random(key);
  return vector.map((value) => (stream.uniform() < probability ? 0 : value));
}

/** DARE, rescaling (2311.03099, eq. 3), and the mean over tasks: what is left of each vector counts 1 / (1 − `probability`) times. */
export function rescaledMean(vectors: readonly TaskVector[], probability: number): Float64Array {
  const means = new Float64Array(vectors[0]!.length); // `from` would build an array of all values first
  for (const vector of vectors) for (let i = 0; i < means.length; i++) means[i]! += vector[i]! / (1 - probability);
  return means.map((sum) => sum / vectors.length);
}

/** MagMax (Marczak et al., 2407.06322, eq. 3): of each parameter the element of the largest magnitude, the first of equal ones. */
export function magMax(vectors: readonly TaskVector[]): Float64Array {
  const found = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) {
    for (let i = 0; i < found.length; i++) if (Math.abs(vector[i]!) > Math.abs(found[i]!)) found[i] = vector[i]!;
  }
  return found;
}
