import type { DashboardRun, DashboardState } from "../../../harness/contract/dashboard.js";
import { plural } from "../../../harness/contract/printable.js";
import { bytes, count, duration, list, moment } from "../shared/format.js";
import type { AlertView } from "../summary/alerts.js";
import { described } from "../summary/alerts.js";
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

interface LiveAlertsView {
  shown: LiveAlertView[];
  /** How many there are of each severity, in words. */
  counts: string;
  /** Whether the list is short enough to be shown unfolded. */
  open: boolean;
  /** Alerts that are not shown. */
  more: number;
}

interface LiveAlertView extends AlertView {
  run: string;
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

/** Alerts that are shown, and up to how many are unfolded. */
const [mostAlerts, unfolded] = [200, 12];

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
  const live = models.filter(({ rollouts }) => isLive(rollouts[0]?.phase)).length;
  const parts = [...(running === 0 ? [] : [plural(running, "run")]), ...(live === 0 ? [] : [plural(live, "rollout")])];
  return `${parts.length === 0 ? "Nothing" : list(parts)} in progress`;
}

const isLive = (phase: string | undefined): boolean => ["canary", "paused", "promoting"].includes(phase ?? "");

function findings({ runs, problems, models }: DashboardState, rollouts: readonly LiveRolloutView[]): Finding[] {
  const running = runs.flatMap(({ id, state, progress, suite }): Finding[] => {
    if (state !== "running") return [];
    const left = progress?.secondsLeft == null ? "" : `, ${duration(progress.secondsLeft)} left`;
    const done = progress === null ? "" : ` is ${Math.floor(100 * progress.fraction)}% done${left}`;
    return [{ topic: "Run", text: `**${id}** on ${suite.name}${done || " goes on"}.` }];
  });
  const moving = rollouts.flatMap(({ model, candidate, phase, facts }): Finding[] => {
    const next = facts.find(({ term }) => term === "Next");
    if (next === undefined) return [];
    return [{ topic: "Rollout", text: `**${model}@${candidate}** (${phase}, ${facts[0]!.text}): ${next.text}.` }];
  });
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
  const all = runs.flatMap((run) =>
    run.cells.flatMap(({ trainer, order, seed, tasks, alerts }) =>
      alerts.map((alert) => ({
        ...{ run: run.id, critical: alert.severity === "critical", severity: alert.severity, trainer, order, seed },
        ...{ after: tasks[alert.row - 1] ?? "", ...described(alert) },
      })),
    ),
  );
  const critical = all.filter((alert) => alert.critical);
  const worstFirst = [...critical, ...all.filter((alert) => !alert.critical)];
  return {
    shown: worstFirst.slice(0, mostAlerts),
    counts: `${critical.length} critical, ${plural(all.length - critical.length, "warning")}`,
    ...{ open: all.length <= unfolded, more: Math.max(0, all.length - mostAlerts) },
  };
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
      const sum = (read: (cell: (typeof cells)[number]) => number | null): number | null => {
        const values = begun.map(read);
        return values.every((value) => value !== null) ? values.reduce((total, value) => total + value, 0) : null;
      };
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
