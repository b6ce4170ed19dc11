import { join } from "node:path";
import type { RunConfig } from "../contract/config.js";
import { BenchError, toBenchError } from "../contract/errors.js";
import type { ReportContext, Reporter } from "../contract/plugin.js";
import type { Registry } from "../plugins.js";
import type { RunObserver } from "../run/display/observed.js";
import { type ReadingOptions, readRun } from "../run/store/store.js";

/** What reporters wrote. */
export interface RenderedReports {
  /** The file to open first; null where there is none. */
  report: string | null;
  /** Paths of all files. */
  files: string[];
  /** What kept a reporter from writing, which must not hide the results. */
  errors: BenchError[];
}

/** Which reporters render a run, and with which columns. */
export interface ReportChoice {
  /** Names; the default reporters without it. */
  reporters?: readonly string[];
  /** Keys of metrics. */
  columns?: readonly string[];
}

export interface RenderAgainOptions extends Pick<ReportChoice, "reporters">, ReadingOptions {
  /** Directory; the run's folder `report` without it. */
  out?: string;
}

/** Renders a run directory into its folder `report`. */
export async function renderReport(
  registry: Registry,
  directory: string,
  { reporters, columns }: ReportChoice = {},
): Promise<RenderedReports> {
  const files: string[] = [];
  const errors: BenchError[] = [];
  for (const reporter of chosenReporters(registry, reporters)) {
    try {
      files.push(...(await reporter.render(directory, reportDirectory(directory), contextOf(registry, columns))));
    } catch (error) {
      errors.push(toBenchError(error, "PLUGIN_FAILED"));
    }
  }
  return { report: files[0] ?? null, files, errors };
}

/**
 * Renders a run directory again, with the columns that it was run with as far as their metrics are known.
 *
 * @returns the paths of the files.
 * @throws STORAGE where there is no run, DATA_INVALID where it is damaged, UNKNOWN_NAME, and what a reporter throws.
 */
export async function renderAgain(
  registry: Registry,
  directory: string,
  { reporters, out = reportDirectory(directory), notice }: RenderAgainOptions = {},
): Promise<string[]> {
  const { run, notices } = readRun(directory);
  for (const text of notices) notice?.(text);
  const config = run.config as unknown as RunConfig;
  const known = new Set(registry.allMetrics().map(({ key }) => key));
  const context = contextOf(
    registry,
    config.metrics?.filter((key) => known.has(key)),
  );
  const files: string[] = [];
  for (const reporter of chosenReporters(registry, reporters)) {
    files.push(...(await reporter.render(directory, out, context)));
  }
  return files;
}

/** Where the report of a run goes. */
export const reportDirectory = (runDirectory: string): string => join(runDirectory, "report");

/** What reporters are given in addition to results. */
export function contextOf(registry: Registry, columns?: readonly string[]): ReportContext {
  return { metrics: registry.allMetrics(), ...(columns === undefined ? {} : { columns }) };
}

/** The chosen reporters that can follow a run. */
export function observersOf(registry: Registry, directory: string, { reporters }: ReportChoice): RunObserver[] {
  return chosenReporters(registry, reporters).flatMap((reporter) =>
    reporter.observe === undefined
      ? []
      : [{ name: reporter.name, start: () => reporter.observe!(directory, reportDirectory(directory)) }],
  );
}

/** The reporters of these names, or those that are chosen by default. Throws UNKNOWN_NAME. */
export function chosenReporters(registry: Registry, names: readonly string[] | undefined): Reporter[] {
  return names === undefined
    ? registry.allReporters().filter((reporter) => reporter.default === true)
    : names.map((name) => registry.reporter(name));
}

/** The reporter that has a page of that kind, one that is chosen by default before others. Throws UNKNOWN_NAME. */
export function reporterThat(
  registry: Registry,
  can: "openDashboard" | "renderBoard" | "renderHistory" | "renderResults",
): Reporter {
  const able = registry.allReporters().filter((reporter) => reporter[can] !== undefined);
  const found = able.find((reporter) => reporter.default === true) ?? able[0];
  if (found !== undefined) return found;
  throw new BenchError("UNKNOWN_NAME", `no reporter has ${can}`, { fix: "Load a plug-in with one, by --plugin." });
}
