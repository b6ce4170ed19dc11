import { resolve } from "node:path";
import type { ModelRecord, RunRecord } from "../contract/result.js";
import type { Entry } from "../gate/entry.js";
import { observedSide, readEntries } from "../gate/entry.js";
import { seedsPerOrder } from "../metrics/clusters.js";
import type { Claim } from "./claim.js";
import { type ArmCells, type ClaimResult, judgeClaims } from "./judge.js";
import { isArm, type Registration, type ResolvedArm } from "./registration.js";

/** `claims.json`: what a run says about the claims. */
export interface ClaimsRecord {
  schema: "claims@1";
  run: string;
  runDirectory: string;
  suite: { name: string; version: string; digest: string };
  model: ModelRecord;
  quick: boolean;
  orders: number;
  seeds: number;
  alpha: number;
  /** Null where the claims were judged on a run that was made for something else. */
  registration: Pick<Registration, "digest" | "createdAt" | "beforeTheRun"> | null;
  claims: ClaimResult[];
}

/** Probability that a bound is wrong. */
export const alpha = 0.05;

/** Judges claims on what a run directory holds of their arms. Throws STORAGE where it holds no run. */
export function judgeRun(
  directory: string,
  claims: readonly Claim[],
  arms: Readonly<Record<string, ResolvedArm>>,
  registration: Registration | undefined,
): ClaimsRecord {
  const entries = readEntries(directory);
  const { run } = entries[0]!;
  const cells = Object.fromEntries(Object.entries(arms).map(([name, arm]) => [name, cellsOf(arm, name, entries)]));
  return {
    schema: "claims@1",
    run: run.id,
    runDirectory: resolve(directory),
    ...settingOf(run),
    alpha,
    registration: registration === undefined ? null : stampOf(registration),
    claims: judgeClaims(claims, cells, alpha),
  };
}

function cellsOf(arm: ResolvedArm, name: string, entries: readonly Entry[]): ArmCells {
  if ("missing" in arm) return arm;
  const entry = entries.find(({ trainer }) => isArm(trainer, arm));
  return entry === undefined ? { missing: `the run has no trainer with the options of ${name}` } : observedSide(entry);
}

function settingOf({ suite: { name, version, digest }, model, quick, orders, cells }: RunRecord) {
  return { suite: { name, version, digest }, model, quick, orders: orders.length, seeds: seedsPerOrder(cells) };
}

const stampOf = ({ digest, createdAt, beforeTheRun }: Registration) => ({ digest, createdAt, beforeTheRun });
