import type { MatrixRecord } from "../../../harness/contract/result.js";

type Table = (number | null)[][];

/** A matrix record around rows 0..T; whatever is not given was not measured. */
export function matrixOf(rows: Table, parts: Partial<MatrixRecord> = {}): MatrixRecord {
  const empty = (): Table => rows.map((row) => row.map(() => null));
  return {
    schema: "matrix@1",
    trainer: "trainer",
    order: "order 1",
    seed: 1,
    tasks: rows[0]!.map((_, index) => `task ${index + 1}`),
    rows,
    n: empty(),
    extracted: empty(),
    valid: empty(),
    shifted: empty(),
    probes: {},
    probeKinds: {},
    probeN: {},
    confusion: {},
    ...parts,
  };
}
