import { readClaims } from "../harness/claims/files.js";
import type { ClaimsRecord } from "../harness/claims/record.js";
import type { Alert } from "../harness/contract/alert.js";
import type { ErrorRecord } from "../harness/contract/errors.js";
import type { Metric } from "../harness/contract/metric.js";
import type { ReportContext } from "../harness/contract/plugin.js";
import type {
  CellRecord,
  CellStatus,
  CostRecord,
  CurvesRecord,
  Leaderboard,
  MachineRecord,
  MatrixRecord,
  RunRecord,
  SyntheticRecord,
} from "../harness/contract/result.js";
import { buildLeaderboard, builtInMetrics } from "../harness/metrics/index.js";
import { extensionTexts } from "../harness/run/store/extension.js";
import { readRun } from "../harness/run/store/store.js";

/** Everything a report is made from, except the samples. */
export interface ReportData {
  run: RunRecord;
  cells: CellResult[];
  leaderboard: Leaderboard;
  metrics: readonly Metric[];
  /** Keys of the metrics that are columns of the leaderboard, where the run chose them. */
  columns?: readonly string[];
  /** Of the whole run, where it finished: seconds, and the peak memory of the process. */
  wallSeconds: number | null;
  peakMemoryBytes: number | null;
  /** How the run got further cells, the first time first. */
  extensions: string[];
  /** Of a run that was made to test claims. */
  claims?: ClaimsRecord;
  /** What was left out while reading. */
  notices: string[];
}

/** A cell of the grid with its results. */
export interface CellResult extends CellRecord {
  status: CellStatus;
  matrix?: MatrixRecord;
  cost?: CostRecord;
  /** Scores within tasks, where they were measured. */
  curves?: CurvesRecord;
  /** What its trainer generated for rehearsal, by set. */
  synthetic?: SyntheticRecord[];
  error?: ErrorRecord;
  /** Where it was carried out; none where that was in the run's own process. */
  machines: MachineRecord[];
  /** In the order in which they were raised. */
  alerts: Alert[];
}

/** Reads a run directory, finished or not. Throws as `readRun` does. */
export function readReportData(
  directory: string,
  { metrics, columns }: ReportContext = { metrics: builtInMetrics },
): ReportData {
  const { run, matrices, costs, curves, synthetic, cells, events, notices } = readRun(directory);
  const finished = events.findLast((event) => event.type === "run-finished");
  return {
    run,
    cells: run.cells.map((cell) => ({
      ...cell,
      status: cells[cell.id]?.status ?? "pending",
      matrix: matrices[cell.id],
      cost: costs[cell.id],
      curves: curves[cell.id],
      synthetic: synthetic[cell.id],
      error: cells[cell.id]?.error,
      machines: cells[cell.id]?.machines ?? [],
      alerts: cells[cell.id]?.alerts ?? [],
    })),
    leaderboard: buildLeaderboard({ directory, run, matrices, costs, curves }, metrics),
    metrics,
    ...(columns === undefined ? {} : { columns }),
    wallSeconds: finished?.wallSeconds ?? null,
    peakMemoryBytes: finished?.peakMemoryBytes ?? null,
    extensions: extensionTexts(run, events),
    claims: readClaims(directory),
    notices,
  };
}
