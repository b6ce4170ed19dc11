/** Texts as vectors of length 1, [dimension] each; the same for any order and number of texts. */
export type Embedder = (texts: readonly string[]) => Promise<Float32Array[]>;

/** A vector scaled to length 1; a zero vector stays. */
export function normalized(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? vector : vector.map((value) => value / length);
}
