import { type RandomKey, random } from "../../../harness/contract/random.js";

/** What fine-tuning on a task changed: θ − θ₀ (Ilharco et al., 2212.04089). All of one merging are of one length. */
export type TaskVector = Float32Array;

/**
 * TIES (Yadav et al., 2306.01708, algorithm 1): of each vector the `density` of its elements with the largest magnitudes
 * stay, the others are 0; each parameter's sign is that of the sum over tasks (where that is 0, the sign that most
 * parameters elected); the mean over the tasks whose element has that sign is taken. Ties of magnitudes all stay.
 */
export function ties(vectors: readonly TaskVector[], density: number): Float64Array {
  const trimmed = vectors.map((vector) => trim(vector, density));
  const sums = new Float64Array(vectors[0]!.length);
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

/** DARE (Yu et al., 2311.03099, eq. 2 and 3): each element is dropped with probability `drop`, the rest over 1 − `drop`. */
export function dare(vector: TaskVector, drop: number, key: RandomKey): Float64Array {
  const stream = random(key);
  return Float64Array.from(vector, (value) => (stream.uniform() < drop ? 0 : value / (1 - drop)));
}

/** MagMax (Marczak et al., 2407.06322, eq. 3): of each parameter the element of the largest magnitude, the first of equal ones. */
export function magMax(vectors: readonly TaskVector[]): Float64Array {
  const found = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) {
    for (let i = 0; i < found.length; i++) if (Math.abs(vector[i]!) > Math.abs(found[i]!)) found[i] = vector[i]!;
  }
  return found;
}

function trim(vector: TaskVector, density: number): Float32Array {
  const kept = Math.round(density * vector.length);
  if (kept === 0) return new Float32Array(vector.length);
  const magnitudes = vector.map(Math.abs).sort();
  const least = magnitudes[vector.length - kept]!;
  return vector.map((value) => (Math.abs(value) >= least ? value : 0));
}
