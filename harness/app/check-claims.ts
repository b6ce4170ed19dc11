import { armsOf } from "../claims/catalog.js";
import type { Claim } from "../claims/claim.js";
import { writeClaims } from "../claims/files.js";
import { alpha, type ClaimsRecord, judgeRun } from "../claims/record.js";
import { type ResolvedArm, readRegistration, register, resolveArms } from "../claims/registration.js";
import { type ConfigFlags, readConfig, resolveConfig } from "../config/index.js";
import type { RunConfig, TrainerConfig } from "../contract/config.js";
import { BenchError } from "../contract/errors.js";
import { loadRegistry, type Registry } from "../plugins.js";
import { planRun, type RunPlan } from "../run/plan/plan.js";
import { requireRunRecord } from "../run/store/store.js";
import { type AppContext, registryFor, specifiersFor } from "./context.js";
import { renderReport } from "./render-report.js";

/** How claims are to be tested. */
export interface ClaimsOptions extends Omit<ConfigFlags, "trainers" | "reference" | "keepCheckpoints" | "failOn"> {
  /** Ids of the claims to show. */
  only?: string[];
  config?: string;
}

/** A run of claims before it starts. */
export interface PlannedClaims {
  claims: readonly Claim[];
  arms: Record<string, ResolvedArm>;
  plan: RunPlan;
  registry: Registry;
}

/** Claims after their run. */
export interface CheckedClaims {
  record: ClaimsRecord;
  /** Path of the page; null where none could be made. */
  report: string | null;
  /** Cells that failed. */
  failed: number;
}

/** Judges a stored run. Where the claims asked for were registered, all that was registered is judged: p is adjusted over it. */
export async function judgeStoredRun(
  directory: string,
  claims: readonly Claim[],
  { only, plugins }: Pick<ClaimsOptions, "only" | "plugins">,
  context: Pick<AppContext, "builtIns">,
): Promise<ClaimsRecord> {
  const registration = readRegistration(directory);
  const registered = registration?.claims.map(({ id }) => id) ?? [];
  const record =
    registration !== undefined && (only ?? []).every((id) => registered.includes(id))
      ? judgeRun(directory, registration.claims, registration.arms, registration)
      : judgeRun(directory, claims, await armsOfRun(directory, claims, plugins ?? [], context), undefined);
  return { ...record, claims: record.claims.filter(({ id }) => only?.includes(id) ?? true) };
}

async function armsOfRun(
  directory: string,
  claims: readonly Claim[],
  plugins: readonly string[],
  context: Pick<AppContext, "builtIns">,
): Promise<Record<string, ResolvedArm>> {
  const config = requireRunRecord(directory).config as unknown as RunConfig;
  return resolveArms(claims, await registryFor(context, [...new Set([...config.plugins, ...plugins])]));
}

/** Plans the run that claims are judged by: their arms on a suite. */
export async function planClaims(
  reference: string | undefined,
  claims: readonly Claim[],
  { config: file, only: _only, ...flags }: ClaimsOptions,
  context: Pick<AppContext, "builtIns">,
): Promise<PlannedClaims> {
  const read = (trainers: string[]) => readConfig(file, { ...flags, reference, trainers });
  const specifiers = specifiersFor(context, read([]).config.plugins);
  const registry = await loadRegistry(specifiers);
  const arms = resolveArms(claims, registry);
  const trainers = trainersOf(claims, arms);
  const request = read(trainers.map(({ name }) => name));
  const config = resolveConfig({ ...request, config: { ...request.config, trainers } }, registry);
  return { claims, arms, plan: await planRun(config, registry, specifiers), registry };
}

/** Registers claims, runs their plan, judges them and writes the verdicts. A verdict is a result, never an error. */
export async function checkClaims(
  { claims, arms, plan, registry }: PlannedClaims,
  context: Pick<AppContext, "execute">,
): Promise<CheckedClaims> {
  const registration = register(plan.directory, { alpha, claims: [...claims], arms, run: plan.record.configDigest });
  const { status, failed } = await context.execute(plan);
  if (status === "cancelled") {
    throw new BenchError("CANCELLED", "the claims were interrupted", {
      fix: "The same command goes on where it stopped.",
    });
  }
  const record = judgeRun(plan.directory, claims, arms, registration);
  writeClaims(record);
  const report = await renderReport(registry, plan.directory);
  return { record, report: typeof report === "string" ? report : null, failed };
}

/** The arms of the claims that can run at all, each as a trainer labeled by its name. */
function trainersOf(claims: readonly Claim[], arms: Readonly<Record<string, ResolvedArm>>): TrainerConfig[] {
  const runnable = claims.filter((claim) => armsOf(claim).every((name) => !("missing" in arms[name]!)));
  const names = [...new Set(runnable.flatMap(armsOf))];
  if (names.length > 0) {
    return names.map((label) => {
      const arm = arms[label] as Exclude<ResolvedArm, { missing: string }>;
      return { label, name: arm.trainer, options: arm.options };
    });
  }
  const reasons = Object.values(arms).flatMap((arm) => ("missing" in arm ? [arm.missing] : []));
  throw new BenchError("UNKNOWN_NAME", `none of these claims can run: ${[...new Set(reasons)].join("; ")}`, {
    fix: "Load the plug-ins that offer these trainers with --plugin, or choose other claims with --only.",
  });
}
