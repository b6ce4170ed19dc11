import type { MetricValue } from "../../contract/metric.js";
import type { MatrixRecord } from "../../contract/result.js";

/**
 * The least standard deviation that values may be credited with, whatever spread a few orders show: scores are counts
 * of items, so equal values happen by chance. 0 where the values cannot vary by construction; null where it is unknown.
 */
export type LeastSpread = number | null;

type Compute = (matrix: MatrixRecord) => MetricValue;

/** Scores of one row or probe from `first` on, with the items behind each. */
interface Line {
  scores: (number | null)[];
  items: readonly (number | null)[];
  first: number;
}

/**
 * What one item more or less in each score that a measure reads changes it by, in quadrature: the least standard
 * deviation of one run. Row 0 is left out, since the untrained model is the same in every run.
 *
 * @param matrix any of the runs that the measure is taken of.
 * @param repeats whether all rows after 0 are one measurement, as of a trainer that is evaluated once.
 * @returns null where the measure has no value, or the number of items behind one of its scores is unknown.
 */
export function itemSpread(compute: Compute, matrix: MatrixRecord, repeats = false): LeastSpread {
  const copy = withOwnScores(matrix);
  const { value } = compute(copy);
  if (value === null) return null;
  let variance = 0;
  for (const lines of blocksOf(copy, repeats)) {
    if (!reads(compute, copy, lines, value)) continue;
    for (const place of lines[0]!.scores.keys()) {
      const stored = lines.map(({ scores }) => scores[place]!);
      if (stored.every((score) => score === null)) continue;
      for (const { scores, items, first } of lines) {
        const [score, step] = [scores[place]!, 1 / (items[place] || Number.NaN)];
        if (score !== null && place >= first) scores[place] = score < 0.5 ? score + step : score - step;
      }
      const moved = compute(copy).value;
      lines.forEach(({ scores }, index) => {
        scores[place] = stored[index]!;
      });
      if (moved !== value) variance += ((moved ?? Number.NaN) - value) ** 2;
    }
  }
  return Number.isNaN(variance) ? null : Math.sqrt(variance);
}

/** The least spread of one order's value of `first` less `second`, over so many runs of each in an order. */
export function differenceSpread(first: LeastSpread, second: LeastSpread, runs: number): LeastSpread {
  return first === null || second === null ? null : Math.hypot(first, second) / Math.sqrt(runs);
}

/** The same record whose scores can be changed. */
function withOwnScores(matrix: MatrixRecord): MatrixRecord {
  const copied = (table: (number | null)[][]) => table.map((scores) => [...scores]);
  const { rows, extracted, valid, shifted, probes } = matrix;
  return {
    ...matrix,
    ...{ rows: copied(rows), extracted: copied(extracted), valid: copied(valid), shifted: copied(shifted) },
    probes: Object.fromEntries(Object.entries(probes).map(([probe, scores]) => [probe, [...scores]])),
  };
}

/** Lines whose scores move together: one each, or all rows of a table. */
function blocksOf({ rows, extracted, valid, shifted, n, probes, probeN }: MatrixRecord, repeats: boolean): Line[][] {
  const tables = [rows, extracted, valid, shifted].map((table) =>
    table.slice(1).map((scores, index): Line => ({ scores, items: n[index + 1] ?? [], first: 0 })),
  );
  const lines = Object.entries(probes).map(([probe, scores]): Line => {
    return { scores, items: scores.map(() => probeN[probe] ?? null), first: 1 };
  });
  return [...(repeats ? tables : tables.flat().map((line) => [line])), ...lines.map((line) => [line])];
}

/** Whether the measure would lack something without the lines. */
function reads(compute: Compute, copy: MatrixRecord, lines: readonly Line[], value: number): boolean {
  const stored = lines.map(({ scores }) => [...scores]);
  for (const { scores, first } of lines) scores.fill(null, first);
  const without = compute(copy).value;
  lines.forEach(({ scores }, index) => {
    scores.splice(0, scores.length, ...stored[index]!);
  });
  return without !== value;
}
