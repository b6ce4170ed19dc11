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
  const table = (value: (scores: SetScores) => number) =>
    rows.map(({ sets }) => order.map((task) => read(find(sets, "test", task), value)));
  const score = (scores: SetScores) => scores.score;
  const aspects = new Set([...measured.values()].flat().flatMap((scores) => Object.keys(scores.aspects ?? {})));
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
    ...(aspects.size > 0 && { aspects: byAspect([...aspects].sort(), rows, order) }),
    ...(Object.keys(shortened).length > 0 && { shortened }),
    confusion,
  };
}

/** Scores of each aspect by row and task; null where a task has no item of it. */
function byAspect(
  aspects: readonly string[],
  rows: readonly { sets: readonly SetScores[] | undefined }[],
  order: readonly string[],
): NonNullable<MatrixRecord["aspects"]> {
  const tests = rows.map(({ sets }) =>
    order.map((task) => sets?.find(({ dataset, set }) => dataset === "test" && set === task)?.aspects),
  );
  return Object.fromEntries(
    aspects.map((aspect) => [
      aspect,
      {
        rows: tests.map((row) => row.map((found) => found?.[aspect]?.score ?? null)),
        n: tests.map((row) => row.map((found) => found?.[aspect]?.n ?? null)),
      },
    ]),
  );
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

function read(scores: SetScores | undefined, value: (scores: SetScores) => number): number | null {
  return scores === undefined ? null : value(scores);
}
