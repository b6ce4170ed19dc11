import { BenchError } from "../contract/errors.js";
import type { Metric } from "../contract/metric.js";
import type { LeaderboardRow, MatrixRecord } from "../contract/result.js";
import type { History, HistoryLine, HistorySeries, HistoryVersion } from "../contract/results/history.js";
import { builtInMetrics } from "./catalog.js";
import { mean } from "./definition.js";
import { buildLeaderboard, type LeaderboardSource } from "./leaderboard.js";
import { byTrainingStep, modelNames } from "./model-names.js";
import { groupBy } from "./statistics/clusters.js";
import { findSteps } from "./steps.js";

/** The results of one trainer in one run. */
interface Version extends Omit<HistoryVersion, "name"> {
  trainer: string;
  row: LeaderboardRow;
  matrices: MatrixRecord[];
}

/**
 * Runs of one suite over time. A version is a run in which all cells of a trainer are finished; what is not finished is
 * left out.
 *
 * @param metrics the built-in ones without it.
 * @throws RUN_MISMATCH for runs of different suites, USAGE where no run has a finished trainer.
 */
export function buildHistory(
  sources: readonly LeaderboardSource[],
  metrics: readonly Metric[] = builtInMetrics,
): History {
  const suites = groupBy(sources, ({ run }) => run.suite.digest);
  if (suites.size > 1) {
    const names = [...suites.values()].map(([first]) => `${first!.run.suite.name} (${first!.directory})`);
    throw new BenchError("RUN_MISMATCH", `the runs are of different suites or sizes: ${names.join(", ")}`, {
      fix: "Choose one with --suite <name or beginning of its digest>, or name runs of one suite.",
    });
  }
  const versions = sources
    .flatMap((source) => versionsOf(source, metrics))
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0));
  if (versions.length === 0) {
    throw new BenchError("USAGE", "there is no finished run to show", {
      fix: "Finish one with `bench run` or `bench evaluate`.",
    });
  }
  const { name, version, digest, generated } = sources[0]!.run.suite;
  return {
    schema: "history@1",
    suite: { name, version, digest, generated },
    series: [...groupBy(versions, ({ trainer }) => trainer)].map(([trainer, of]) =>
      seriesOf(
        trainer,
        byTrainingStep(of, ({ model }) => model.reference),
        metrics,
      ),
    ),
  };
}

function versionsOf(source: LeaderboardSource, metrics: readonly Metric[]): Version[] {
  const { run, directory } = source;
  const asked = new Set(run.trainers.flatMap(({ label, schedule }) => (schedule === "once" ? [label] : [])));
  const matrices = Object.fromEntries(
    Object.entries(source.matrices).map(([id, matrix]) => [
      id,
      asked.has(matrix.trainer) ? finalState(matrix) : matrix,
    ]),
  );
  return buildLeaderboard({ ...source, matrices }, metrics)
    .leaderboard.filter(({ cells }) => cells.done === cells.planned)
    .map((row) => ({
      trainer: row.trainer,
      ...{ row, run: run.id, runDirectory: directory, createdAt: run.createdAt },
      model: { reference: run.model.reference, digest: run.model.digest },
      matrices: run.cells.flatMap(({ id, trainer }) => (trainer === row.trainer ? (matrices[id] ?? []) : [])),
    }));
}

/** A matrix of which only the last row is left: what does not learn has no course, and metrics of one are not its own. */
function finalState(matrix: MatrixRecord): MatrixRecord {
  const last = <T>(rows: T[], nothing: T) => rows.map((row, place) => (place === rows.length - 1 ? row : nothing));
  const none = matrix.tasks.map(() => null);
  const probes = Object.entries(matrix.probes).map(([probe, scores]) => [probe, last<number | null>(scores, null)]);
  return { ...matrix, rows: last<(number | null)[]>(matrix.rows, none), probes: Object.fromEntries(probes) };
}

function seriesOf(trainer: string, versions: readonly Version[], metrics: readonly Metric[]): HistorySeries {
  const { matrices } = versions[0]!;
  const measured = metrics.map(({ key, title, higherIsBetter }) => {
    const noise = mean(versions.map(({ row }) => row.metrics[key]?.itemError ?? 0));
    return line(
      { key, title, kind: "metric", higherIsBetter },
      versions.map(({ row }) => row.metrics[key]?.mean ?? null),
      noise,
    );
  });
  const tasks = matrices[0]!.tasks.toSorted().map((task) => {
    const values = versions.map((version) =>
      finalMean(version, ({ tasks, rows }) => rows.at(-1)![tasks.indexOf(task)]),
    );
    const items = finalMean(versions[0]!, ({ tasks, n }) => n.at(-1)![tasks.indexOf(task)]);
    return line({ key: task, title: task, kind: "task", higherIsBetter: true }, values, itemNoise(values, items));
  });
  const probes = Object.keys(matrices[0]!.probes).map((probe) => {
    const values = versions.map((version) => finalMean(version, ({ probes }) => probes[probe]?.at(-1)));
    const items = matrices[0]!.probeN[probe] ?? null;
    return line({ key: probe, title: probe, kind: "probe", higherIsBetter: true }, values, itemNoise(values, items));
  });
  const lines = [...measured, ...tasks, ...probes].filter(({ values }) => values.some((value) => value !== null));
  return { trainer, versions: named(versions), lines };
}

function line(what: Omit<HistoryLine, "values" | "steps">, values: (number | null)[], noise: number): HistoryLine {
  return { ...what, values, steps: findSteps(values, noise) };
}

/** Mean over a version's cells; null where one of them has none. */
function finalMean({ matrices }: Version, read: (matrix: MatrixRecord) => number | null | undefined): number | null {
  const values = matrices.map(read).filter((value) => value !== null && value !== undefined);
  return values.length === matrices.length ? mean(values) : null;
}

/** Standard error of a score from its number of items; with one success and one failure added, so that it is never 0. */
function itemNoise(values: readonly (number | null)[], items: number | null): number {
  const known = values.filter((value) => value !== null);
  if (items === null || items === 0 || known.length === 0) return 0;
  const share = (mean(known) * items + 1) / (items + 2);
  return Math.sqrt((share * (1 - share)) / items);
}

/** Names by the model's reference where that distinguishes versions, else by the run. */
function named(versions: readonly Version[]): HistoryVersion[] {
  const names = modelNames(versions.map(({ model }) => model.reference));
  const apart = new Set(names).size === versions.length;
  return versions.map(({ run, runDirectory, createdAt, model }, index) => ({
    name: apart ? names[index]! : run,
    ...{ runDirectory, run, createdAt, model },
  }));
}
