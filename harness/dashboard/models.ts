import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DashboardEvidence, DashboardModel, DashboardRollout } from "../contract/dashboard.js";
import type { MonitorAlert } from "../contract/monitor.js";
import type { RegisteredModel } from "../contract/registry.js";
import { ModelRegistry } from "../registry/model-registry.js";
import { MonitorLog } from "../registry/monitor-log.js";
import { decide } from "../rollout/decide.js";
import { Scales } from "../rollout/evidence.js";
import { RolloutLog } from "../rollout/rollout-log.js";
import { percentOf, type Rollout } from "../rollout/state.js";

/** Points of a course of evidence, at most. */
const mostPoints = 300;

/** Reads a registry and its rollouts, with a look at what has changed. */
export class ModelsReader {
  readonly #registry: ModelRegistry;
  readonly #logs = new Map<string, RolloutLog>();
  readonly #monitors = new Map<string, MonitorLog>();
  readonly #shown = new Map<string, { stamp: string; rollout: DashboardRollout }>();

  constructor(private readonly directory: string) {
    this.#registry = new ModelRegistry(directory);
  }

  /** @param problem hears why the registry or a rollout cannot be read. No registry is no problem. */
  read(problem: (text: string) => void): DashboardModel[] {
    if (!existsSync(join(this.directory, "log.jsonl"))) return [];
    try {
      const { models } = this.#registry.read();
      return Object.entries(models).map(([name, model]) => ({
        name,
        versions: versionsOf(model),
        alerts: this.#alerts(name, problem),
        rollouts: this.#rollouts(name, problem),
      }));
    } catch (error) {
      problem(`${this.directory}: ${(error as Error).message}`);
      return [];
    }
  }

  #alerts(name: string, problem: (text: string) => void): MonitorAlert[] {
    const log = this.#monitors.get(name) ?? new MonitorLog(this.directory, name);
    this.#monitors.set(name, log);
    try {
      return log.read().alerts.toReversed();
    } catch (error) {
      problem(`the monitor of ${name}: ${(error as Error).message}`);
      return [];
    }
  }

  #rollouts(name: string, problem: (text: string) => void): DashboardRollout[] {
    const log = this.#logs.get(name) ?? new RolloutLog(this.directory, name);
    this.#logs.set(name, log);
    const read = (number: number, of: RolloutLog): DashboardRollout[] => {
      try {
        return [this.#rollout(`${name} ${number}`, number, of)];
      } catch (error) {
        problem(`rollout ${number} of ${name}: ${(error as Error).message}`);
        return [];
      }
    };
    const last = lastOf(log, problem);
    if (last === 0) return [];
    const before = new RolloutLog(this.directory, name); // the other one keeps what it has read of the last rollout
    const earlier = Array.from({ length: last - 1 }, (_, index) => last - 1 - index);
    return [
      ...read(last, log),
      ...earlier.flatMap((number) => this.#shown.get(`${name} ${number}`)?.rollout ?? read(number, before)),
    ];
  }

  #rollout(key: string, number: number, log: RolloutLog): DashboardRollout {
    const rollout = log.read(number);
    const counts = Object.values(rollout.observations).map(({ length }) => length);
    const stamp = `${rollout.history.length} ${counts}`;
    const known = this.#shown.get(key);
    if (known?.stamp === stamp) return known.rollout;
    const shown = rolloutOf(number, rollout);
    this.#shown.set(key, { stamp, rollout: shown });
    return shown;
  }
}

/** The number of the last rollout; 0 where its log is damaged too. */
function lastOf(log: RolloutLog, problem: (text: string) => void): number {
  try {
    return log.last;
  } catch (error) {
    problem((error as Error).message);
    return 0;
  }
}

function versionsOf({ versions, aliases, evaluations }: RegisteredModel): DashboardModel["versions"] {
  return versions.map(({ files, ...version }) => ({
    ...version,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    aliases: Object.keys(aliases).filter((alias) => aliases[alias] === version.version),
    evaluations: evaluations[version.version] ?? [],
  }));
}

function rolloutOf(number: number, rollout: Rollout): DashboardRollout {
  const { candidate, champion, phase, step, policy, history } = rollout;
  const { action, reason, evidence } = decide(rollout);
  const names = Object.keys(policy.metrics);
  const metrics = names.map((metric): DashboardEvidence => {
    const { observations, difference, worse, notWorse } = evidence[metric]!;
    return {
      ...{ ...policy.metrics[metric]!, metric, observations, inStep: rollout.inStep[metric]! },
      ...{ difference, worse, worseBound: names.length / policy.alpha },
      ...{ notWorse, notWorseBound: 1 / policy.alpha, course: courseOf(rollout, metric) },
    };
  });
  return {
    ...{ number, candidate, champion, phase, step, percent: percentOf(rollout), steps: policy.steps },
    ...{ minimum: policy.minimum, decision: { action, reason }, metrics, history },
  };
}

/** The wealth of both bets after each pair, thinned out evenly; the last one is always there. */
function courseOf({ observations, policy }: Rollout, metric: string): DashboardEvidence["course"] {
  const scales = new Scales(policy.metrics[metric]!);
  const course: DashboardEvidence["course"] = [{ pairs: 0, worse: 1, notWorse: 1 }];
  for (const observation of observations[metric]!) {
    scales.add(observation);
    const { pairs, worse, notWorse } = scales.evidence;
    if (pairs > course.at(-1)!.pairs) course.push({ pairs, worse, notWorse });
  }
  const every = Math.ceil(course.length / mostPoints);
  return course.filter((_, index) => index % every === 0 || index === course.length - 1);
}
