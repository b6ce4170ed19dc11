import type { DashboardCell, DashboardRun, DashboardState } from "../../../harness/contract/dashboard.js";
import { plural } from "../../../harness/contract/printable.js";
import { sumOrNull } from "../../../harness/metrics/definition.js";
import { isOver } from "../../../harness/rollout/state.js";
import { bytes, count, duration, list, moment } from "../shared/format.js";
import { type AlertListView, type AlertView, alertList, cellAlerts, mostAlerts } from "../summary/alerts.js";
import type { Finding } from "../summary/findings.js";
import { type LiveRolloutView, liveRolloutViews } from "./rollouts.js";
import { type LiveRunsView, liveRunsView } from "./runs.js";
import { type LiveRetentionView, type LiveVersionsView, liveRetentionViews, liveVersionsViews } from "./versions.js";

/** The live page as data: everything the templates show. */
export interface LiveView {
  title: string;
  findings: Finding[];
  runs: LiveRunsView;
  rollouts: LiveRolloutView[];
  versions: LiveVersionsView[];
  retention: LiveRetentionView[];
  alerts: LiveAlertsView;
  /** On deployed versions, newest first. */
  deployed: { version: string; text: string; critical: boolean; severity: string; at: string }[];
  resources: ResourcesView;
}

interface LiveAlertsView extends AlertListView<AlertView & { run: string }> {
  /** How many there are of each severity, in words. */
  counts: string;
}

interface ResourcesView {
  facts: { term: string; text: string }[];
  runs: {
    run: string;
    time: string;
    trained: string;
    generated: string;
    flops: string;
    memory: string;
    checkpoints: string;
  }[];
}

/** Pure: equal states give equal views. */
export function liveView(state: DashboardState): LiveView {
  const rollouts = liveRolloutViews(state);
  return {
    title: titleOf(state),
    findings: findings(state, rollouts),
    ...{ runs: liveRunsView(state.runs), rollouts },
    ...{ versions: liveVersionsViews(state.models), retention: liveRetentionViews(state.models) },
    deployed: state.models
      .flatMap(({ alerts }) => alerts)
      .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
      .slice(0, mostAlerts)
      .map(({ model, version, text, severity, at }) => ({
        ...{ version: `${model}@${version}`, text, critical: severity === "critical", severity, at: moment(at) },
      })),
    ...{ alerts: alertsOf(state.runs), resources: resourcesOf(state) },
  };
}

function titleOf({ runs, models }: DashboardState): string {
  const running = runs.filter(({ state }) => state === "running").length;
  const live = models.filter(({ rollouts: [last] }) => last !== undefined && !isOver(last)).length;
  const parts = [...(running === 0 ? [] : [plural(running, "run")]), ...(live === 0 ? [] : [plural(live, "rollout")])];
  return `${parts.length === 0 ? "Nothing" : list(parts)} in progress`;
}

function findings({ runs, problems, models }: DashboardState, rollouts: readonly LiveRolloutView[]): Finding[] {
  const running = runs.flatMap(({ id, state, progress, suite }): Finding[] => {
    if (state !== "running") return [];
    const left = progress?.secondsLeft == null ? "" : `, ${duration(progress.secondsLeft)} left`;
    const done = progress === null ? "" : ` is ${Math.floor(100 * progress.fraction)}% done${left}`;
    return [{ topic: "Run", text: `**${id}** on ${suite.name}${done || " goes on"}.` }];
  });
  const moving = rollouts.flatMap(({ model, candidate, phase, share, next }): Finding[] =>
    next === null ? [] : [{ topic: "Rollout", text: `**${model}@${candidate}** (${phase}, ${share}): ${next}.` }],
  );
  const critical = runs
    .flatMap(({ cells }) => cells.flatMap(({ alerts }) => alerts))
    .filter(({ severity }) => severity === "critical").length;
  return [
    ...[...running, ...moving],
    ...(critical === 0
      ? []
      : [{ topic: "Alerts", text: `${plural(critical, "critical alert")} in ${plural(runs.length, "run")}.` }]),
    ...problems.map((text): Finding => ({ topic: "Problem", text })),
    {
      topic: "Shown",
      text: `${plural(runs.length, "run")} and ${plural(models.length, "model")} with ${plural(
        models.reduce((sum, { versions }) => sum + versions.length, 0),
        "version",
      )}.`,
    },
  ];
}

/** Critical ones first, those of newer runs before others. */
function alertsOf(runs: readonly DashboardRun[]): LiveView["alerts"] {
  const all = runs.flatMap(({ id, cells }) =>
    cells.flatMap((cell) => cellAlerts(cell, cell.tasks).map((alert) => ({ run: id, ...alert }))),
  );
  const critical = all.filter((alert) => alert.critical).length;
  return { counts: `${critical} critical, ${plural(all.length - critical, "warning")}`, ...alertList(all) };
}

function resourcesOf({ machine, runs }: DashboardState): ResourcesView {
  const { cores, load, memoryBytes, freeMemoryBytes, disks } = machine;
  return {
    facts: [
      { term: "Load of the last minute", text: `${load.toFixed(1)} on ${plural(cores, "core")}` },
      { term: "Memory", text: `${bytes(memoryBytes - freeMemoryBytes)} of ${bytes(memoryBytes)} in use` },
      ...disks.map(({ path, bytes: all, freeBytes }) => ({
        term: `Disk of ${path}`,
        text: `${bytes(freeBytes)} of ${bytes(all)} free`,
      })),
    ],
    runs: runs.map(({ id, cells, peakMemoryBytes }) => {
      const begun = cells.filter(({ status }) => status !== "pending");
      const sum = (read: (cell: DashboardCell) => number | null): number | null => sumOrNull(begun.map(read));
      return {
        ...{ run: id, time: duration(sum(({ spent }) => spent.seconds)) },
        ...{
          trained: count(sum(({ spent }) => spent.trainedTokens)),
          generated: count(sum(({ spent }) => spent.generatedTokens)),
        },
        ...{ flops: count(sum(({ spent }) => spent.flops)), memory: bytes(peakMemoryBytes) },
        checkpoints: bytes(sum(({ checkpointBytes }) => checkpointBytes)),
      };
    }),
  };
}
