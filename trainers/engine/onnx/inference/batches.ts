/** Sequences whose lengths round up to one multiple of this are computed in one shape. */
export const widthStep = 16;

/** Requests (by their index) that are computed together. */
export interface Batch {
  /** The padded length that all have in common. */
  width: number;
  indices: number[];
}

/**
 * Divides requests into batches of one width. A request's width depends on its own length alone, so the shape in which
 * it is computed, and with it every bit of its result, does not depend on its companions. `mostRows` bounds the rows of
 * a batch by its width.
 */
export function batchesOf(lengths: readonly number[], mostRows: (width: number) => number): Batch[] {
  const byWidth = new Map<number, number[]>();
  for (const [index, length] of lengths.entries()) {
    const width = Math.ceil(length / widthStep) * widthStep;
    byWidth.set(width, [...(byWidth.get(width) ?? []), index]);
  }
  return [...byWidth].flatMap(([width, indices]) => {
    const batches = Math.ceil(indices.length / Math.max(1, mostRows(width)));
    const size = Math.ceil(indices.length / batches);
    return Array.from({ length: batches }, (_, batch) => ({
      width,
      indices: indices.slice(batch * size, (batch + 1) * size),
    }));
  });
}
