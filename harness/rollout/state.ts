import { BenchError } from "../contract/errors.js";
import type { Observation, RolloutEvent, RolloutMetric, RolloutPhase, RolloutPolicy } from "../contract/rollout.js";
import { type MetricEvidence, Scales } from "./evidence.js";

type Started = Omit<Extract<RolloutEvent, { type: "started" }>, "type">;

/** Phases after which nothing is observed or decided. */
export const isOver = ({ phase }: Pick<Rollout, "phase">): boolean =>
  ["promoted", "rolled-back", "aborted"].includes(phase);

/** Percent of the requests that the candidate answers now. */
export function percentOf(rollout: Pick<Rollout, "phase" | "policy" | "step">): number {
  if (rollout.phase === "promoted") return 100;
  return isOver(rollout) ? 0 : rollout.policy.steps[rollout.step]!;
}

/** The phases in which an event may happen, and the one that it leads to. */
const transitions: Record<Exclude<RolloutEvent["type"], "started">, { in: RolloutPhase[]; to?: RolloutPhase }> = {
  observed: { in: ["canary", "paused", "promoting"] },
  advanced: { in: ["canary"], to: "canary" },
  paused: { in: ["canary"], to: "paused" },
  resumed: { in: ["paused"], to: "canary" },
  promoting: { in: ["canary"], to: "promoting" },
  promoted: { in: ["promoting"], to: "promoted" },
  "rolled-back": { in: ["canary", "paused", "promoting", "promoted"], to: "rolled-back" },
  aborted: { in: ["canary", "paused", "promoting"], to: "aborted" },
};

/** What the log of a rollout adds up to. */
export class Rollout implements Started {
  declare readonly name: string;
  declare readonly candidate: number;
  declare readonly champion: number;
  declare readonly policy: RolloutPolicy;
  declare readonly salt: string;
  declare readonly at: string;
  declare readonly by: string;
  declare readonly reason: string;
  phase: RolloutPhase = "canary";
  /** Index into the policy's steps. */
  step = 0;
  /** In the order of arrival, by metric. */
  readonly observations: Record<string, Observation[]>;
  /** Observations of the candidate since the step began, by metric. */
  inStep: Record<string, number>;
  /** What happened, but for observations. */
  readonly history: Exclude<RolloutEvent, { type: "observed" }>[];
  readonly #scales: Record<string, Scales>;
  /** Metric and request of all observations that say of which request they are. */
  readonly #known = new Set<string>();

  /** Throws DATA_INVALID where the first event is none that begins a rollout. */
  constructor(first: RolloutEvent) {
    if (first.type !== "started") throw unbegun();
    const { type: _started, ...facts } = first;
    Object.assign(this, facts);
    this.history = [first];
    this.observations = this.#byMetric(() => []);
    this.inStep = this.#byMetric(() => 0);
    this.#scales = this.#byMetric((rule) => new Scales(rule));
  }

  /** What the observations say, by metric. */
  get evidence(): Record<string, MetricEvidence> {
    return Object.fromEntries(Object.entries(this.#scales).map(([metric, scales]) => [metric, scales.evidence]));
  }

  /** Whether the metric of that request was observed. */
  knows({ metric, request }: Pick<Observation, "metric" | "request">): boolean {
    return request !== undefined && this.#known.has(keyOf(metric, request));
  }

  /** One more event, which changes it. Throws DATA_INVALID for events that cannot follow each other. */
  follow(event: RolloutEvent): void {
    if (event.type === "started") throw impossible("it starts twice");
    const { in: allowed, to } = transitions[event.type];
    if (!allowed.includes(this.phase)) throw impossible(`"${event.type}" follows "${this.phase}"`);
    if (event.type === "observed") {
      for (const observation of event.observations) this.#observe(observation);
      return;
    }
    this.history.push(event);
    this.phase = to!;
    if (event.type !== "advanced") return;
    if (event.step !== this.step + 1) throw impossible(`step ${event.step} follows step ${this.step}`);
    this.step = event.step;
    this.inStep = this.#byMetric(() => 0);
  }

  #observe(observation: Observation): void {
    const { metric, arm, request } = observation;
    if (!Object.hasOwn(this.observations, metric)) throw impossible(`it observes "${metric}", which no policy names`);
    this.observations[metric]!.push(observation);
    this.#scales[metric]!.add(observation);
    if (request !== undefined) this.#known.add(keyOf(metric, request));
    if (arm === "candidate") this.inStep[metric]! += 1;
  }

  #byMetric<Value>(value: (rule: RolloutMetric) => Value): Record<string, Value> {
    return Object.fromEntries(Object.entries(this.policy.metrics).map(([metric, rule]) => [metric, value(rule)]));
  }
}

const keyOf = (metric: string, request: string): string => `${metric} ${request}`;

/** The rollout after one more event, which is the same object changed; undefined before the first. Throws DATA_INVALID. */
export function follow(rollout: Rollout | undefined, event: RolloutEvent): Rollout {
  if (rollout === undefined) return new Rollout(event);
  rollout.follow(event);
  return rollout;
}

/** The rollout of a log that has begun. Throws DATA_INVALID for an empty one. */
export function required(rollout: Rollout | undefined): Rollout {
  if (rollout === undefined) throw unbegun();
  return rollout;
}

const unbegun = (): BenchError => impossible("it does not begin with the start");

function impossible(what: string): BenchError {
  return new BenchError("DATA_INVALID", `the log of the rollout is not one that bench writes: ${what}`, {
    fix: "Restore the log from a copy; it may not be edited by hand.",
  });
}
