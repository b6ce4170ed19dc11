import type { MatrixRecord } from "../../../harness/contract/result.js";

export type Scores = (number | null)[][];

/** The mean of several matrices of one order. */
export interface MeanMatrix {
  tasks: string[];
  rows: Scores;
  /** Number of matrices averaged. */
  of: number;
}

/** The mean of the known values; null where none is known. */
export function meanOf(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value): value is number => value !== null && value !== undefined);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** Averages matrices that share their order, entry by entry. Undefined where there is none. */
export function meanMatrix(matrices: readonly MatrixRecord[]): MeanMatrix | undefined {
  const first = matrices[0];
  if (first === undefined) return undefined;
  const rows = first.rows.map((line, row) =>
    line.map((_, column) => meanOf(matrices.map((matrix) => matrix.rows[row]?.[column]))),
  );
  return { tasks: first.tasks, rows, of: matrices.length };
}

/** The mean over the tasks learned so far, after each row; row 0 has none. */
export function seenTaskMeans({ rows }: MeanMatrix): (number | null)[] {
  return rows.map((line, row) => {
    const seen = line.slice(0, row);
    return row === 0 || seen.includes(null) ? null : meanOf(seen);
  });
}
