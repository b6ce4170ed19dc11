import type { CellRecord, ConfusionRecord, MatrixRecord, SampleRecord } from "../../contract/result.js";
import type { Suite } from "../../contract/suite.js";
import type { Schedule } from "../../contract/trainer.js";
import type { SetScores } from "../evaluate/evaluate.js";

/** The measured rows of a cell: row → how each set was answered. */
export type MeasuredRows = ReadonlyMap<number, readonly SetScores[]>;

/**
 * Puts measured rows into the matrix of a cell. A learner that is evaluated once repeats its last row.
 *
 * @param from the row that the cell started at.
 */
export function assembleMatrix(
  cell: CellRecord,
  schedule: Schedule,
  order: readonly string[],
  suite: Pick<Suite, "probes">,
  measured: MeasuredRows,
  from = 0,
): MatrixRecord {
  const rows = Array.from({ length: order.length + 1 }, (_, row) => {
    const source = schedule === "once" && row > from ? order.length : row;
    return { row, sets: measured.get(source) };
  });
  const find = (sets: readonly SetScores[] | undefined, dataset: SampleRecord["dataset"], id: string) =>
    sets?.find((scores) => scores.dataset === dataset && scores.set === id);
  const table = (value: (scores: SetScores) => number | null) =>
    rows.map(({ sets }) => order.map((task) => read(find(sets, "test", task), value)));
  const score = (scores: SetScores) => scores.score;
  const names = new Set([...measured.values()].flat().flatMap((scores) => Object.keys(scores.aspects ?? {})));
  const ofAspect = (name: string) => ({
    rows: table(({ aspects }) => aspects?.[name]?.score ?? null),
    n: table(({ aspects }) => aspects?.[name]?.n ?? null),
  });
  const confusion: Record<string, ConfusionRecord> = {};
  const shortened: Record<string, number> = {};
  for (const task of order) {
    const last = find(measured.get(order.length), "test", task);
    if (last?.confusion !== undefined) confusion[task] = last.confusion;
    if (last?.shortened !== undefined) shortened[task] = last.shortened;
  }
  return {
    schema: "matrix@1",
    trainer: cell.trainer,
    order: cell.order,
    seed: cell.seed,
    tasks: [...order],
    rows: table(score),
    n: table((scores) => scores.n),
    extracted: table((scores) => scores.extracted),
    valid: table((scores) => scores.valid),
    shifted: rows.map(({ row, sets }) =>
      order.map((task) => (row === 0 || row === order.length ? read(find(sets, "shifted", task), score) : null)),
    ),
    probes: byProbe(suite, ({ id }) => rows.map(({ sets }) => read(find(sets, "probe", id), score))),
    probeKinds: byProbe(suite, ({ kind }) => kind),
    probeN: byProbe(suite, ({ examples }) => examples.length),
    ...(names.size > 0 && { aspects: Object.fromEntries([...names].sort().map((name) => [name, ofAspect(name)])) }),
    ...(Object.keys(shortened).length > 0 && { shortened }),
    confusion,
  };
}

/** Every answer behind the measured rows, as the text of `samples.jsonl`. */
export function sampleLines(measured: MeasuredRows): string {
  const lines: string[] = [];
  for (const [row, sets] of measured) {
    for (const { dataset, set, samples } of sets) {
      for (const sample of samples) {
        const record: SampleRecord = { row, dataset, set, ...sample };
        lines.push(`${JSON.stringify(record)}\n`);
      }
    }
  }
  return lines.join("");
}

function byProbe<T>(suite: Pick<Suite, "probes">, value: (probe: Suite["probes"][number]) => T): Record<string, T> {
  return Object.fromEntries(suite.probes.map((probe) => [probe.id, value(probe)]));
}

function read(scores: SetScores | undefined, value: (scores: SetScores) => number | null): number | null {
  return scores === undefined ? null : value(scores);
}
