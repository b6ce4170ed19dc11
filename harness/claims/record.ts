import { resolve } from "node:path";
import type { Metric } from "../contract/metric.js";
import type { ModelRecord, RunRecord } from "../contract/result.js";
import type { Entry } from "../gate/entry.js";
import { observedSide, readEntries } from "../gate/entry.js";
import { seedsPerOrder } from "../metrics/statistics/clusters.js";
import type { ReadingOptions } from "../run/store/store.js";
import { isArm, type ResolvedArm } from "./arms.js";
import { type ArmCells, type ClaimResult, judgeClaims } from "./judge.js";
import type { RegisteredClaim, Registration } from "./registered.js";

/** `claims.json`: what a run says about the claims. */
export interface ClaimsRecord {
  schema: "claims@2";
  run: string;
  runDirectory: string;
  suite: { name: string; version: string; digest: string };
  model: ModelRecord;
  quick: boolean;
  orders: number;
  seeds: number;
  /** What the verdicts are by: p adjusted by Holm, or, in records of version 1, bounds that are not adjusted. */
  rule: "holm" | "bounds";
  /** Null where the claims were judged on a run that was made for something else. */
  registration: Pick<Registration, "digest" | "createdAt" | "beforeTheRun" | "limits" | "seen"> | null;
  /** When the data of a registered run was judged, by its number of task orders; this judgment is the last. */
  looks: Look[];
  claims: ClaimResult[];
}

export interface Look {
  orders: number;
  at: string;
}

/** What is judged: claims with their arms, and where they were registered. */
export interface Tested extends ReadingOptions {
  claims: readonly RegisteredClaim[];
  arms: Readonly<Record<string, ResolvedArm>>;
  registration?: Registration;
  /** That claims may name; the built-in ones without it. */
  metrics?: readonly Metric[];
}

/**
 * Judges claims on what a run directory holds of their arms, further orders included.
 *
 * @param earlier looks at the same registered run.
 * @throws STORAGE where the directory holds no run.
 */
export function judgeRun(directory: string, tested: Tested, earlier: readonly Look[] = []): ClaimsRecord {
  const { claims, arms, registration, metrics, notice } = tested;
  const entries = readEntries(directory);
  const { run, notices } = entries[0]!;
  for (const text of notices) notice?.(text);
  const cells = Object.fromEntries(Object.entries(arms).map(([name, arm]) => [name, cellsOf(arm, name, entries)]));
  const orders = new Set(entries.flatMap((entry) => [...entry.cells, ...entry.missing]).map(({ order }) => order)).size;
  const results = judgeClaims(claims, cells, { looks: registration?.limits.looks, metrics });
  const isLook = registration !== undefined && results.some(({ adjustedP }) => adjustedP !== null);
  return {
    schema: "claims@2",
    run: run.id,
    runDirectory: resolve(directory),
    ...settingOf(run),
    orders,
    rule: "holm",
    registration: registration === undefined ? null : stampOf(registration),
    looks: isLook ? withLook(earlier, orders) : [...earlier],
    claims: results,
  };
}

/** The same number of orders is the same data: judging it again is no further look. */
function withLook(earlier: readonly Look[], orders: number): Look[] {
  const others = earlier.filter((look) => look.orders !== orders);
  const again = earlier.find((look) => look.orders === orders);
  return [...others, again ?? { orders, at: new Date().toISOString() }];
}

function cellsOf(arm: ResolvedArm, name: string, entries: readonly Entry[]): ArmCells {
  if ("missing" in arm) return arm;
  const entry = entries.find(({ trainer }) => isArm(trainer, arm));
  return entry === undefined
    ? { missing: `the run has no trainer with the options of ${name}` }
    : { ...observedSide(entry), unfinished: entry.missing.map(({ id }) => id) };
}

function settingOf({ suite: { name, version, digest }, model, quick, cells }: RunRecord) {
  return { suite: { name, version, digest }, model, quick, seeds: seedsPerOrder(cells) };
}

const stampOf = ({ digest, createdAt, beforeTheRun, limits, seen }: Registration) => ({
  ...{ digest, createdAt, beforeTheRun, limits, seen },
});
