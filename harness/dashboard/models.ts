import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DashboardEvidence, DashboardModel, DashboardRollout } from "../contract/dashboard.js";
import type { MonitorAlert } from "../contract/monitor.js";
import type { RegisteredModel } from "../contract/registry.js";
import { ModelRegistry } from "../registry/model-registry.js";
import { MonitorLog } from "../registry/monitor-log.js";
import { aliasesAt } from "../registry/state.js";
import { decide } from "../rollout/decide.js";
import { Scales } from "../rollout/evidence.js";
import { RolloutLog } from "../rollout/rollout-log.js";
import { percentOf, type Rollout } from "../rollout/state.js";
import type { Problems } from "./problems.js";

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

  /** @param problems gets why the registry, a monitor or a rollout cannot be read. No registry is no problem. */
  read(problems: Problems): DashboardModel[] {
    if (!existsSync(join(this.directory, "log.jsonl"))) return [];
    const read = (): DashboardModel[] =>
      Object.entries(this.#registry.read().models).map(([name, model]) => ({
        name,
        versions: versionsOf(model),
        alerts: this.#alerts(name, problems),
        rollouts: this.#rollouts(name, problems),
      }));
    return problems.attempt(this.directory, read, []);
  }

  #alerts(name: string, problems: Problems): MonitorAlert[] {
    const log = this.#monitors.get(name) ?? new MonitorLog(this.directory, name);
    this.#monitors.set(name, log);
    return problems.attempt(`the monitor of ${name}`, () => log.read().alerts.toReversed(), []);
  }

  #rollouts(name: string, problems: Problems): DashboardRollout[] {
    const log = this.#logs.get(name) ?? new RolloutLog(this.directory, name);
    this.#logs.set(name, log);
    const read = (number: number, of: RolloutLog): DashboardRollout[] =>
      problems.attempt(`rollout ${number} of ${name}`, () => [this.#rollout(`${name} ${number}`, number, of)], []);
    const last = problems.attempt(undefined, () => log.last, 0); // it reads the last log, which may be damaged
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

function versionsOf(model: RegisteredModel): DashboardModel["versions"] {
  return model.versions.map(({ files, ...version }) => ({
    ...version,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    aliases: aliasesAt(model, version.version),
    evaluations: model.evaluations[version.version] ?? [],
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
