import { statSync } from "node:fs";
import { BenchError } from "../contract/errors.js";
import type { Metric } from "../contract/metric.js";
import type { History } from "../contract/results/history.js";
import { buildHistory } from "../metrics/index.js";
import { type ReadingOptions, readRun, runsIn } from "../run/store/store.js";

/**
 * The history of runs: each path is a run directory, or a directory of them.
 *
 * @throws USAGE where nothing matches, RUN_MISMATCH where the runs are of several suites, and as `readRun`.
 */
export function readHistory(
  paths: readonly string[],
  only: { suite?: string; trainer?: string } & ReadingOptions,
  metrics?: readonly Metric[],
): History {
  const { suite, trainer } = only;
  const runs = [...new Set(paths.flatMap((path) => (isDirectory(path) ? runsIn(path) : [path])))].map(readRun);
  for (const text of new Set(runs.flatMap(({ notices }) => notices))) only.notice?.(text);
  const matching = runs.filter(
    ({ run }) => suite === undefined || run.suite.name === suite || run.suite.digest.startsWith(suite),
  );
  if (matching.length === 0) {
    const names = [...new Set(runs.map(({ run }) => `${run.suite.name} (${run.suite.digest.slice(0, 8)})`))];
    throw new BenchError(
      "USAGE",
      suite === undefined ? `there is no run in ${paths.join(", ")}` : `there is no run of the suite "${suite}"`,
      {
        fix:
          names.length === 0
            ? "Name a run directory, or a directory of them."
            : `There are runs of ${names.join(", ")}.`,
      },
    );
  }
  const history = buildHistory(matching, metrics);
  if (trainer === undefined) return history;
  const series = history.series.filter((one) => one.trainer === trainer);
  if (series.length > 0) return { ...history, series };
  throw new BenchError("UNKNOWN_NAME", `no finished run has a trainer "${trainer}"`, {
    fix: `There are: ${history.series.map((one) => one.trainer).join(", ")}.`,
  });
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
