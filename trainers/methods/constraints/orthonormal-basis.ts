/** A direction of a basis, with the task that it came from. */
export interface Direction {
  task: string;
  /** Of length 1, at right angles to the others. */
  values: Float32Array;
}

/** Below this share of its length, what is left of a vector is taken for rounding. */
const least = 1e-4;

/**
 * What a vector adds to the span of orthonormal rows, as a direction of length 1; undefined where it adds nothing. Modified
 * Gram–Schmidt, twice, which keeps rounding from accumulating (Giraud et al., 2005).
 */
export function newDirection(rows: readonly Float32Array[], vector: Float32Array): Float32Array | undefined {
  const rest = new Float64Array(vector);
  const before = length(rest);
  for (let pass = 0; pass < 2; pass++) removeComponents(rest, rows);
  const after = length(rest);
  return after > least * before ? new Float32Array(rest.map((value) => value / after)) : undefined;
}

/** Takes a vector's components along orthonormal rows away, one after the other. */
export function removeComponents(vector: Float64Array, rows: readonly Float32Array[]): void {
  for (const row of rows) {
    let product = 0;
    for (let i = 0; i < vector.length; i++) product += vector[i]! * row[i]!;
    for (let i = 0; i < vector.length; i++) vector[i]! -= product * row[i]!;
  }
}

/** Orthonormal rows that span the directions with 0 in the ranges of `still`; a direction that is 0 elsewhere drops out. */
export function apartFrom(
  still: readonly { offset: number; length: number }[],
  directions: readonly Float32Array[],
): readonly Float32Array[] {
  if (still.length === 0) return directions;
  const rows: Float32Array[] = [];
  for (const direction of directions) {
    const rest = direction.slice();
    for (const { offset, length } of still) rest.fill(0, offset, offset + length);
    const row = newDirection(rows, rest);
    if (row) rows.push(row);
  }
  return rows;
}

/** At most `capacity` directions: of the task with most, the latest gives way. What is left stays orthonormal. */
export function bounded(basis: readonly Direction[], capacity: number): Direction[] {
  const kept = [...basis];
  while (kept.length > capacity) {
    const counts = new Map<string, number>();
    for (const { task } of kept) counts.set(task, (counts.get(task) ?? 0) + 1);
    const [largest] = [...counts].reduce((most, one) => (one[1] >= most[1] ? one : most));
    kept.splice(
      kept.findLastIndex(({ task }) => task === largest),
      1,
    );
  }
  return kept;
}

function length(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
