import { plural } from "../../harness/contract/printable.js";
import type { History, HistoryLine, HistorySeries } from "../../harness/contract/results/history.js";
import { versionCurve } from "../charts/version-curve.js";
import { list, missing, moment, points, shortened, signedPoints } from "./shared/format.js";
import type { Finding } from "./summary/findings.js";

/** The page of a history as data. */
export interface HistoryView {
  title: string;
  suite: string;
  generated: boolean;
  findings: Finding[];
  series: SeriesView[];
}

interface SeriesView {
  id: string;
  trainer: string;
  groups: { title: string; charts: { title: string; text: string; chart: string; fitted: string }[] }[];
  columns: string[];
  versions: { name: string; date: string; digest: string; model: string; link: string; cells: string[] }[];
}

/** Number of changes listed in the findings. */
const named = 6;

/** @param linkOf the address of a run's own page, as seen from this one. */
export function historyView({ suite, series }: History, linkOf: (runDirectory: string) => string): HistoryView {
  const versions = Math.max(...series.map((one) => one.versions.length));
  return {
    title: `Score history over ${plural(versions, "version")}`,
    suite: `${suite.name} ${suite.version}`,
    generated: suite.generated,
    findings: findings(series),
    series: series.map((one, index) => ({
      ...seriesView(one, `series-${index}`, linkOf),
      trainer: series.length === 1 ? "All versions" : one.trainer,
    })),
  };
}

function findings(series: readonly HistorySeries[]): Finding[] {
  const changes = series.flatMap(({ trainer, versions, lines }) =>
    lines.flatMap((line) =>
      line.steps.map((step) => ({ trainer, line, from: versions[step.at]!.name, change: step.after - step.before })),
    ),
  );
  if (changes.length === 0) {
    return [{ topic: "No change", text: "No metric shows a change of level beyond its noise." }];
  }
  const largest = changes.sort((a, b) => Math.abs(b.change) - Math.abs(a.change)).slice(0, named);
  const more = changes.length - largest.length;
  const shown = largest.map(({ trainer, line, from, change }): Finding => {
    const better = change > 0 === line.higherIsBetter;
    const whose = series.length > 1 ? ` of ${trainer}` : "";
    return {
      topic: better ? "Improvement" : "Regression",
      text: `**${line.title}**${whose} is ${points(Math.abs(change))} points ${change > 0 ? "higher" : "lower"} from **${from}** on.`,
    };
  });
  return more === 0
    ? shown
    : [...shown, { topic: "Other changes", text: `${plural(more, "smaller change")}, shown in the charts.` }];
}

function seriesView(series: HistorySeries, id: string, linkOf: (runDirectory: string) => string): SeriesView {
  const { trainer, versions, lines } = series;
  const group = (title: string, kind: HistoryLine["kind"]) => ({
    title,
    charts: lines.flatMap((line, index) => (line.kind === kind ? [chartView(line, series, `${id}-${index}`)] : [])),
  });
  return {
    id,
    trainer,
    groups: [group("Metrics", "metric"), group("Tasks", "task"), group("Abilities", "probe")].filter(
      ({ charts }) => charts.length > 0,
    ),
    columns: lines.map(({ title }) => title),
    versions: versions.map(({ name, createdAt, model, runDirectory }, index) => ({
      name,
      date: moment(createdAt),
      model: model.reference,
      digest: model.digest.slice(0, 12),
      link: linkOf(runDirectory),
      cells: lines.map(({ values }) => points(values[index])),
    })),
  };
}

function chartView(line: HistoryLine, { versions }: HistorySeries, id: string) {
  const { title, values, steps, higherIsBetter } = line;
  const known = values.filter((value) => value !== null);
  const [first, last] = [known[0] ?? null, known.at(-1) ?? null];
  const description = [
    `From ${points(first)} at ${versions[0]!.name} to ${points(last)} at ${versions.at(-1)!.name}.`,
    steps.length === 0
      ? "No change of level."
      : `Changes of level: ${list(steps.map(({ at, before, after }) => `${signedPoints(after - before)} from ${versions[at]!.name} on`))}.`,
  ].join(" ");
  const bounds = [0, ...steps.map(({ at }) => at), values.length];
  const levels =
    steps.length === 0
      ? []
      : bounds.slice(0, -1).map((from, index) => {
          const step = steps[index - 1];
          const better = step !== undefined && step.after > step.before === higherIsBetter;
          return {
            from,
            to: bounds[index + 1]! - 1,
            mean: step === undefined ? steps[0]!.before : step.after,
            change: step === undefined ? ("none" as const) : better ? ("gain" as const) : ("loss" as const),
          };
        });
  const options = {
    ...{ title, description, values, levels },
    notes: values.map((value, index) => `${versions[index]!.name}: ${value === null ? missing : points(value)}`),
    names: versions.map(({ name }) => shortened(name, 20)),
    format: (value: number) => String(Number((100 * value).toPrecision(3))).replace("-", "−"),
  };
  return {
    title,
    text: `${points(first)} → ${points(last)}`,
    chart: versionCurve({ ...options, id, range: "full" }),
    fitted: versionCurve({ ...options, id: `${id}-fitted`, range: "fitted" }),
  };
}
