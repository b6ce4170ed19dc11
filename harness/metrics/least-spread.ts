import type { MatrixRecord } from "../contract/result.js";
import type { MetricValue } from "./definition.js";

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
 * @returns null where the measure has no value, or the number of items behind one of its scores is unknown.
 */
export function itemSpread(compute: Compute, matrix: MatrixRecord): LeastSpread {
  const copy = structuredClone(matrix);
  const { value } = compute(copy);
  if (value === null) return null;
  let variance = 0;
  for (const line of trainedLines(copy)) {
    if (!reads(compute, copy, line, value)) continue;
    for (let place = line.first; place < line.scores.length; place++) {
      const score = line.scores[place]!;
      if (score === null) continue;
      const step = 1 / (line.items[place] || Number.NaN);
      line.scores[place] = score < 0.5 ? score + step : score - step;
      const moved = compute(copy).value;
      line.scores[place] = score;
      if (moved !== value) variance += ((moved ?? Number.NaN) - value) ** 2;
    }
  }
  return Number.isNaN(variance) ? null : Math.sqrt(variance);
}

/** The least spread of one order's value of `first` less `second`, over so many runs of each in an order. */
export function differenceSpread(first: LeastSpread, second: LeastSpread, runs: number): LeastSpread {
  return first === null || second === null ? null : Math.hypot(first, second) / Math.sqrt(runs);
}

function trainedLines({ rows, extracted, valid, shifted, n, probes, probeN }: MatrixRecord): Line[] {
  const tables = [rows, extracted, valid, shifted].flatMap((table) =>
    table.slice(1).map((scores, index) => ({ scores, items: n[index + 1] ?? [], first: 0 })),
  );
  const lines = Object.entries(probes).map(([probe, scores]) => ({
    ...{ scores, items: scores.map(() => probeN[probe] ?? null), first: 1 },
  }));
  return [...tables, ...lines];
}

/** Whether the measure would lack something without the line. */
function reads(compute: Compute, copy: MatrixRecord, { scores, first }: Line, value: number): boolean {
  const stored = scores.slice(first);
  scores.fill(null, first);
  const without = compute(copy).value;
  stored.forEach((score, index) => {
    scores[first + index] = score;
  });
  return without !== value;
}
