import { plural } from "../../../harness/contract/printable.js";
import {
  type DriftPair,
  type DriftPrediction,
  type DriftStatistic,
  driftPairs,
  driftPrediction,
  isWarned,
} from "../../../harness/metrics/index.js";
import type { Entry } from "../shared/entries.js";
import { missing, points, signedPoints } from "../shared/format.js";

/** Distance of each task's data from earlier tasks, and whether it predicted forgetting. */
export interface DriftView {
  verdict: string;
  tasks: { task: string; values: string[]; warned: string; warnings: string; forgetting: string; n: number }[];
  predictions: { statistic: string; correlation: string; interval: string; n: string }[];
}

const titles: Record<DriftStatistic, string> = {
  lengthStability: "Length PSI",
  lengthDistance: "Length KS distance",
  lossStability: "Loss PSI",
  lossDistance: "Loss KS distance",
  embeddingDiscrepancy: "Embedding MMD²",
  warned: "Warning (any)",
  baseDistance: "KL from the base on the task's inputs, after it",
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
      n: String(prediction.counts[name as DriftStatistic]),
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
  if (warned.n === 0)
    return "No task raised a drift warning, so this run does not show whether warnings predict forgetting.";
  const cost = `After a drift warning, earlier tasks lost ${points(warned.forgetting)} points on average (${plural(warned.n, "case")})`;
  if (unwarned.n === 0)
    return `${cost}; every task raised one, so this run does not show whether warnings predict forgetting.`;
  const compared = `${cost}; without one, ${points(unwarned.forgetting)} (${plural(unwarned.n, "case")}; difference ${signedPoints(warned.forgetting! - unwarned.forgetting!)})`;
  const { low, high } = correlations.warned ?? { low: null, high: null };
  if (low === null || high === null)
    return `${compared}: too few observations to test whether warnings predict forgetting.`;
  if (low > 0) return `${compared}: warnings predict forgetting in this run.`;
  if (high < 0) return `${compared}: in this run, warnings go with less forgetting.`;
  return `${compared}: warnings do not predict forgetting in this run.`;
}

/** Two decimals with a true minus. */
function decimals(value: number | null | undefined): string {
  return value === null || value === undefined ? missing : value.toFixed(2).replace(/^-/, "−");
}
