import { BenchError } from "../contract/errors.js";
import type { Observation, RolloutEvent, RolloutPhase } from "../contract/rollout.js";

/** What the log of a rollout adds up to. */
export interface Rollout extends Omit<Extract<RolloutEvent, { type: "started" }>, "type"> {
  phase: RolloutPhase;
  /** Index into the policy's steps. */
  step: number;
  /** In the order of arrival, by metric. */
  observations: Record<string, Observation[]>;
  /** Observations of the candidate since the step began, by metric. */
  inStep: Record<string, number>;
  /** What happened, but for observations. */
  history: Exclude<RolloutEvent, { type: "observed" }>[];
}

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

/**
 * The state after one more event, which is the same object changed; undefined before the first.
 *
 * @throws DATA_INVALID for events that cannot follow each other.
 */
export function follow(rollout: Rollout | undefined, event: RolloutEvent): Rollout {
  if (rollout === undefined) return begun(event);
  if (event.type === "started") throw impossible("it starts twice");
  const { in: allowed, to } = transitions[event.type];
  if (!allowed.includes(rollout.phase)) throw impossible(`"${event.type}" follows "${rollout.phase}"`);
  if (event.type === "observed") {
    observe(rollout, event.observations);
    return rollout;
  }
  rollout.history.push(event);
  rollout.phase = to!;
  if (event.type !== "advanced") return rollout;
  if (event.step !== rollout.step + 1) throw impossible(`step ${event.step} follows step ${rollout.step}`);
  rollout.step = event.step;
  rollout.inStep = byMetric(rollout, () => 0);
  return rollout;
}

/** The rollout of a log that has begun. Throws DATA_INVALID for an empty one. */
export function required(rollout: Rollout | undefined): Rollout {
  if (rollout === undefined) throw unbegun();
  return rollout;
}

function begun(event: RolloutEvent): Rollout {
  if (event.type !== "started") throw unbegun();
  const { type: _started, ...facts } = event;
  return {
    ...{ ...facts, phase: "canary", step: 0, history: [event] },
    ...{ observations: byMetric(facts, () => []), inStep: byMetric(facts, () => 0) },
  };
}

const byMetric = <Value>({ policy }: Pick<Rollout, "policy">, value: () => Value): Record<string, Value> =>
  Object.fromEntries(Object.keys(policy.metrics).map((metric) => [metric, value()]));

function observe(rollout: Rollout, observations: readonly Observation[]): void {
  for (const observation of observations) {
    const { metric, arm } = observation;
    if (!Object.hasOwn(rollout.observations, metric))
      throw impossible(`it observes "${metric}", which no policy names`);
    rollout.observations[metric]!.push(observation);
    if (arm === "candidate") rollout.inStep[metric]! += 1;
  }
}

const unbegun = (): BenchError => impossible("it does not begin with the start");

function impossible(what: string): BenchError {
  return new BenchError("DATA_INVALID", `the log of the rollout is not one that bench writes: ${what}`, {
    fix: "Restore the log from a copy; it may not be edited by hand.",
  });
}
