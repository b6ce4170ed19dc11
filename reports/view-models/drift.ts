import {
  type DriftPair,
  type DriftPrediction,
  type DriftStatistic,
  driftPairs,
  driftPrediction,
  isWarned,
} from "../../harness/metrics/index.js";
import type { Entry } from "./entries.js";
import { missing, plural, points, signedPoints } from "./format.js";

/** How unlike the past each task's data was, and whether that foretold what was forgotten. */
export interface DriftView {
  /** In plain words. */
  verdict: string;
  tasks: { task: string; values: string[]; warned: string; warnings: string; forgetting: string; n: number }[];
  predictions: { statistic: string; correlation: string; interval: string; n: string }[];
}

const titles: Record<DriftStatistic, string> = {
  lengthStability: "Lengths, PSI",
  lengthDistance: "Lengths, KS distance",
  lossStability: "Losses, PSI",
  lossDistance: "Losses, KS distance",
  embeddingDiscrepancy: "Embeddings, MMD²",
  warned: "A warning",
};

/** Undefined where no trainer compared a task with the past. */
export function driftView(entries: readonly Entry[]): DriftView | undefined {
  const pairs = entries.flatMap(({ cells }) =>
    cells.flatMap(({ matrix, cost }) => (matrix && cost ? driftPairs(matrix, cost.learning) : [])),
  );
  if (pairs.length === 0) return undefined;
  const prediction = driftPrediction(pairs);
  const tasks = [...new Set(pairs.map(({ task }) => task))].sort();
  return {
    verdict: verdictOf(prediction),
    tasks: tasks.map((task) =>
      taskRow(
        task,
        pairs.filter((pair) => pair.task === task),
      ),
    ),
    predictions: Object.entries(prediction.correlations).map(([name, found]) => ({
      statistic: titles[name as DriftStatistic],
      correlation: decimals(found?.mean),
      interval: found && found.low !== null ? `${decimals(found.low)} to ${decimals(found.high)}` : missing,
      n: String(pairs.length),
    })),
  };
}

function taskRow(task: string, pairs: readonly DriftPair[]): DriftView["tasks"][number] {
  const mean = (value: (pair: DriftPair) => number) => pairs.reduce((sum, pair) => sum + value(pair), 0) / pairs.length;
  const values = [
    mean(({ drift }) => drift.lengthStability),
    mean(({ drift }) => drift.lengthDistance),
    mean(({ drift }) => drift.lossStability),
    mean(({ drift }) => drift.lossDistance),
    mean(({ drift }) => drift.embeddingDiscrepancy),
  ];
  return {
    task,
    values: values.map(decimals),
    warned: `${Math.round(100 * mean(({ drift }) => Number(isWarned(drift))))}%`,
    warnings: [...new Set(pairs.flatMap(({ drift }) => drift.warnings))].join(", ") || missing,
    forgetting: points(mean(({ forgetting }) => forgetting)),
    n: pairs.length,
  };
}

function verdictOf({ correlations, warned, unwarned }: DriftPrediction): string {
  if (warned.n === 0) return "No task raised a warning in this run, so nothing can be said of what warnings foretell.";
  const cost = `After a warning the tasks before lost ${points(warned.forgetting)} points on average (${plural(warned.n, "time")})`;
  if (unwarned.n === 0) return `${cost}; no task came without one, so warnings tell no task from another in this run.`;
  const compared = `${cost}, without one ${points(unwarned.forgetting)} (${plural(unwarned.n, "time")}, difference ${signedPoints(warned.forgetting! - unwarned.forgetting!)})`;
  const { low, high } = correlations.warned ?? { low: null, high: null };
  if (low === null || high === null) return `${compared}: too few to say whether warnings predict forgetting.`;
  if (low > 0) return `${compared}: warnings predict forgetting in this run.`;
  if (high < 0) return `${compared}: warnings go with less forgetting in this run, not more.`;
  return `${compared}: warnings do not predict forgetting in this run.`;
}

/** Two decimals with a true minus. */
function decimals(value: number | null | undefined): string {
  return value === null || value === undefined ? missing : value.toFixed(2).replace(/^-/, "−");
}
