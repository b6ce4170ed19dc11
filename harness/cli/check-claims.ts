import { armsOf, claimsOf } from "../claims/catalog.js";
import type { Claim } from "../claims/claim.js";
import { writeClaims } from "../claims/files.js";
import { alpha, judgeRun } from "../claims/record.js";
import { type ResolvedArm, readRegistration, register, resolveArms } from "../claims/registration.js";
import { type ConfigFlags, readConfig, resolveConfig } from "../config/index.js";
import type { RunConfig, TrainerConfig } from "../contract/config.js";
import { BenchError } from "../contract/errors.js";
import { loadRegistry, type Registry } from "../plugins.js";
import { chooseDisplay } from "../run/display/index.js";
import { executeRun } from "../run/execute.js";
import { withInterrupts } from "../run/interrupt.js";
import { planRun, type RunPlan } from "../run/plan/plan.js";
import { requireRunRecord } from "../run/store/store.js";
import { type CliContext, type CommonOptions, printJson, specifiersFor } from "./context.js";
import { renderReport } from "./render-report.js";
import { claimLines, claimListLines } from "./text/claims-lines.js";
import { planLines } from "./text/plan-lines.js";

/** What `bench claims` was given beside its argument. */
export interface ClaimsOptions
  extends CommonOptions,
    Omit<ConfigFlags, "trainers" | "plugins" | "reference" | "keepCheckpoints" | "failOn"> {
  only?: string[];
  list?: boolean;
  run?: string;
  config?: string;
  dryRun?: boolean;
}

/** From the command line to the table of verdicts. A verdict is a result: it never changes the exit code. */
export async function checkClaims(
  reference: string | undefined,
  options: ClaimsOptions,
  context: CliContext,
): Promise<void> {
  const claims = claimsOf(options.only);
  if (options.list) {
    if (options.json) printJson(context, { claims });
    else context.print(`${claimListLines(claims, context).join("\n")}\n`);
    return;
  }
  if (options.run !== undefined) await judgeStored(options.run, claims, options, context);
  else await runClaims(reference, claims, options, context);
}

/** Where the claims asked for were registered, what was registered is judged, all of it: p is adjusted over it. */
async function judgeStored(directory: string, claims: readonly Claim[], options: ClaimsOptions, context: CliContext) {
  const registration = readRegistration(directory);
  const registered = registration?.claims.map(({ id }) => id) ?? [];
  const record =
    registration !== undefined && (options.only ?? []).every((id) => registered.includes(id))
      ? judgeRun(directory, registration.claims, registration.arms, registration)
      : judgeRun(directory, claims, await armsOfRun(directory, claims, options, context), undefined);
  const shown = record.claims.filter(({ id }) => options.only?.includes(id) ?? true);
  if (options.json) printJson(context, { ...record, claims: shown });
  else context.print(`${claimLines({ ...record, claims: shown }, context).join("\n")}\n`);
}

async function armsOfRun(directory: string, claims: readonly Claim[], options: ClaimsOptions, context: CliContext) {
  const config = requireRunRecord(directory).config as unknown as RunConfig;
  const plugins = [...new Set([...config.plugins, ...(options.plugin ?? [])])];
  return resolveArms(claims, await loadRegistry(specifiersFor(context, plugins)));
}

async function runClaims(
  reference: string | undefined,
  claims: readonly Claim[],
  options: ClaimsOptions,
  context: CliContext,
): Promise<void> {
  const { config: file, dryRun, json, plugin, only: _only, list: _list, run: _run, ...flags } = options;
  const read = (trainers: string[]) => readConfig(file, { ...flags, reference, plugins: plugin, trainers });
  const specifiers = specifiersFor(context, read([]).config.plugins);
  const registry = await loadRegistry(specifiers);
  const arms = resolveArms(claims, registry);
  const trainers = trainersOf(claims, arms);
  const request = read(trainers.map(({ name }) => name));
  const config = resolveConfig({ ...request, config: { ...request.config, trainers } }, registry);
  const plan = await planRun(config, registry, specifiers);
  if (dryRun) {
    if (json) printJson(context, { claims, directory: plan.directory, run: plan.record, estimate: plan.estimate });
    else context.print(`${planLines(plan, context).join("\n")}\n`);
    return;
  }
  const registration = register(plan.directory, { alpha, claims: [...claims], arms, run: plan.record.configDigest });
  await execute(plan);
  const record = judgeRun(plan.directory, claims, arms, registration);
  writeClaims(record);
  const report = await reportOf(registry, plan.directory);
  if (json) printJson(context, { ...record, report });
  else context.print(`\n${claimLines(record, context, report).join("\n")}\n`);
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

async function execute(plan: RunPlan): Promise<void> {
  const display = chooseDisplay(process.stderr);
  const outcome = await withInterrupts(display, (cancellation) => executeRun(plan, { display, cancellation }));
  if (outcome.status === "cancelled") {
    throw new BenchError("CANCELLED", "the claims were interrupted", {
      fix: "The same command goes on where it stopped.",
    });
  }
  if (outcome.status === "failed") process.exitCode = 1;
}

async function reportOf(registry: Registry, directory: string): Promise<string | null> {
  const report = await renderReport(registry, directory);
  return typeof report === "string" ? report : null;
}
