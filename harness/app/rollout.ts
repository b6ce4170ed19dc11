import { randomBytes } from "node:crypto";
import { BenchError } from "../contract/errors.js";
import type { Arm, Observation, RolloutEvent } from "../contract/rollout.js";
import { findVersion, ModelRegistry } from "../registry/model-registry.js";
import { modelIn } from "../registry/state.js";
import { type Decision, decide } from "../rollout/decide.js";
import { readPolicy } from "../rollout/policy.js";
import { RolloutLog } from "../rollout/rollout-log.js";
import { armOf } from "../rollout/split.js";
import { isOver, percentOf, type Rollout } from "../rollout/state.js";
import { moveAlias } from "./registry/aliases.js";
import { type RegistryOptions, type SignedOptions, stamp } from "./registry/signature.js";

/** The alias that a rollout is about. */
const champion = "champion";

/** A rollout as it is now, and what the evidence says. */
export interface RolloutStatus {
  rollout: Rollout;
  /** Percent of the requests that the candidate answers now. */
  percent: number;
  decision: Decision;
}

/**
 * Starts a rollout of a version against the champion.
 *
 * @param reference `name@version` or `name@alias`.
 * @throws USAGE where there is no champion, the version is the champion, or another rollout is live.
 */
export async function startRollout(
  reference: string,
  options: SignedOptions & { policy: string },
): Promise<RolloutStatus> {
  const policy = readPolicy(options.policy);
  const state = new ModelRegistry(options.registry, options.notice).read();
  const { version } = findVersion(state, reference);
  const current = modelIn(state, version.name).aliases[champion];
  if (current === undefined || current === version.version) {
    const what = current === undefined ? "has no champion" : `has version ${current} as its champion already`;
    throw new BenchError("USAGE", `${version.name} ${what}`, {
      fix:
        current === undefined
          ? `Name the version that answers today: bench registry alias ${version.name}@<version> ${champion}`
          : "Give another version.",
    });
  }
  const rollout = await new RolloutLog(options.registry, version.name, options.notice).begin((before) => {
    if (before !== undefined && !isOver(before)) {
      throw new BenchError("USAGE", `a rollout of ${before.name}@${before.candidate} is ${before.phase}`, {
        fix: `End it first: bench rollout abort ${before.name} --reason "…"`,
      });
    }
    const salt = randomBytes(12).toString("hex");
    const versions = { name: version.name, candidate: version.version, champion: current };
    return { type: "started", ...versions, policy, salt, ...stamp(options) };
  });
  return statusOf(rollout);
}

/** The last rollout of a model. Throws UNKNOWN_NAME where there was none. */
export function readRollout(name: string, { registry, notice }: RegistryOptions): RolloutStatus {
  return statusOf(new RolloutLog(registry, name, notice).read());
}

/**
 * Adds observations, in their order, on the disk before this returns.
 *
 * @param texts lines of JSON `{"arm": "candidate", "metric": "resolved", "value": 1}`.
 * @throws DATA_INVALID with its line for one that the policy does not know; then none is added.
 */
export async function observe(
  name: string,
  texts: readonly string[],
  { registry, notice }: RegistryOptions,
): Promise<RolloutStatus> {
  const rollout = await new RolloutLog(registry, name, notice).append((state) => {
    if (isOver(state)) throw over(state);
    return observed(
      texts.flatMap((text, index) => (text.trim() === "" ? [] : [checked(parse(text, index + 1), index + 1, state)])),
    );
  });
  return statusOf(rollout);
}

/** As `observe`, of rows that are parsed already. */
export async function observeRows(log: RolloutLog, rows: readonly unknown[]): Promise<void> {
  await log.append((state) => {
    if (isOver(state)) throw over(state);
    return observed(rows.map((row, index) => checked(row, index + 1, state)));
  });
}

/**
 * Adds what was observed of requests, those that the policy does not know left out, and those that the log has already.
 *
 * @param of the rollout that answered them, by its salt.
 * @returns for each whether it was added, on the disk before this returns.
 */
export async function observeRequests(
  log: RolloutLog,
  requests: readonly { of: string; observation: Observation }[],
): Promise<boolean[]> {
  let added: boolean[] = [];
  await log.append((state) => {
    const now = new Set<string>();
    added = requests.map(({ of, observation }) => {
      const { metric, request } = observation;
      if (isOver(state) || of !== state.salt || problemOf(observation, state) !== undefined) return false;
      if (request === undefined) return true;
      const key = `${metric} ${request}`;
      if (state.knows(observation) || now.has(key)) return false;
      now.add(key);
      return true;
    });
    return observed(requests.filter((_, index) => added[index]).map(({ observation }) => observation));
  });
  return added;
}

/** As `advanceRollout`. Throws USAGE where the rollout is over. */
export async function actOnRollout(name: string, options: SignedOptions): Promise<RolloutStatus> {
  const log = new RolloutLog(options.registry, name, options.notice);
  const status = await advanceRollout(log, options);
  if (status === undefined) throw over(log.read());
  return status;
}

/**
 * Does what evidence and policy say: the next step, the promotion, a pause or the way back. The alias moves by
 * compare-and-set after the decision is on the disk; a promotion that was interrupted is completed.
 *
 * @returns the decision that was carried out, with the state after it; undefined where the rollout is over.
 */
export async function advanceRollout(
  log: RolloutLog,
  options: Omit<SignedOptions, "reason">,
): Promise<RolloutStatus | undefined> {
  let carriedOut: Decision | undefined;
  const event = (type: "promoting" | "paused" | "rolled-back" | "promoted", reason: string): RolloutEvent => ({
    ...{ type, ...stamp({ ...options, reason }) },
  });
  let rollout = await log.append(async (state) => {
    if (isOver(state)) return [];
    carriedOut = decide(state);
    const { action, reason } = carriedOut;
    if (action === "roll back") {
      await giveBack(state, { ...options, reason });
      return [event("rolled-back", reason)];
    }
    if (state.phase === "promoting" || action === "wait") return [];
    if (action === "pause") return [event("paused", reason)];
    if (action === "promote") return [event("promoting", reason)];
    return [{ type: "advanced", step: state.step + 1, ...stamp({ ...options, reason }) }];
  });
  if (carriedOut === undefined) return undefined;
  if (rollout.phase === "promoting") {
    // Within one change of the log, so that nobody ends the rollout between the move of the alias and its last event.
    rollout = await log.append(async (state) => {
      if (state.phase !== "promoting") return [];
      const { reason } = state.history.at(-1)!;
      await giveTo(state, { ...options, reason });
      return [event("promoted", reason)];
    });
    carriedOut = { ...carriedOut, action: "promote" };
  }
  return statusOf(rollout, carriedOut);
}

/** Ends, pauses or goes on with a rollout because somebody says so; the way back after a promotion moves the alias back. */
export async function intervene(
  name: string,
  type: "paused" | "resumed" | "aborted" | "rolled-back",
  options: SignedOptions,
): Promise<RolloutStatus> {
  const log = new RolloutLog(options.registry, name, options.notice);
  const rollout = await log.append(async (state) => {
    const allowed = type === "rolled-back" ? state.phase === "promoted" || !isOver(state) : !isOver(state);
    const fits = type === "resumed" ? state.phase === "paused" : type !== "paused" || state.phase === "canary";
    if (!allowed || !fits) throw over(state);
    if (type === "rolled-back" || type === "aborted") await giveBack(state, options);
    return [{ type, ...stamp(options) }];
  });
  return statusOf(rollout);
}

/** Which version answers a request of that id now. */
export function armFor(name: string, request: string, options: RegistryOptions): Arm {
  const rollout = new RolloutLog(options.registry, name, options.notice).read();
  return armOf(request, rollout.salt, percentOf(rollout));
}

/** Points the alias at the candidate, unless it is there: a promotion may have been interrupted after that. */
async function giveTo({ name, candidate, champion: before }: Rollout, options: SignedOptions): Promise<void> {
  const { aliases } = modelIn(new ModelRegistry(options.registry, options.notice).read(), name);
  if (aliases[champion] === candidate) return;
  await moveAlias(`${name}@${candidate}`, champion, { ...options, expect: before });
}

/** Points the alias at the former champion again, where the candidate has it: after a promotion, or one that was interrupted. */
async function giveBack({ name, candidate, champion: former }: Rollout, options: SignedOptions): Promise<void> {
  const { aliases } = modelIn(new ModelRegistry(options.registry, options.notice).read(), name);
  if (aliases[champion] !== candidate) return;
  await moveAlias(`${name}@${former}`, champion, { ...options, expect: candidate });
}

/** Where a rollout is, and what its evidence says. */
export const statusOf = (rollout: Rollout, decision = decide(rollout)): RolloutStatus => ({
  ...{ rollout, percent: percentOf(rollout), decision },
});

const observed = (observations: Observation[]): RolloutEvent[] =>
  observations.length === 0 ? [] : [{ type: "observed", observations, at: new Date().toISOString() }];

function parse(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unusable(line, "no JSON");
  }
}

function checked(row: unknown, line: number, state: Rollout): Observation {
  const { arm, metric, value, request } = (row ?? {}) as Observation;
  const observation: Observation = { arm, metric, value, ...(request !== undefined && { request }) };
  const problem = problemOf(observation, state);
  if (problem !== undefined) throw unusable(line, problem);
  return observation;
}

const unusable = (line: number, problem: string): BenchError =>
  new BenchError("DATA_INVALID", `line ${line} of the observations: ${problem}`, {
    fix: 'Give lines such as {"arm": "candidate", "metric": "resolved", "value": 1}.',
  });

/** What is wrong with an observation; undefined for one that the policy knows. */
function problemOf({ arm, metric, value, request }: Observation, { policy }: Rollout): string | undefined {
  if (arm !== "candidate" && arm !== "champion") return `arm is neither "candidate" nor "champion"`;
  if (typeof metric !== "string" || !Object.hasOwn(policy.metrics, metric)) {
    return `the policy has the metrics ${Object.keys(policy.metrics).join(", ")}`;
  }
  const [least, greatest] = policy.metrics[metric]!.range;
  if (typeof value !== "number" || !(value >= least && value <= greatest)) {
    return `the value of ${metric} is no number from ${least} to ${greatest}`;
  }
  if (request === undefined || (typeof request === "string" && request.length <= 300)) return undefined;
  return "the id of its request is no text of up to 300 characters";
}

function over({ name, candidate, phase }: Rollout): BenchError {
  return new BenchError("USAGE", `the rollout of ${name}@${candidate} is ${phase}`, {
    fix: `See \`bench rollout status ${name}\`.`,
  });
}
