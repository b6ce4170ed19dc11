import { resolve } from "node:path";
import { type ResolvedArm, resolveArms } from "../claims/arms.js";
import { chooseClaims, combineArms } from "../claims/choose.js";
import { type Proposal, searchLedger } from "../claims/ledger.js";
import {
  type Limits,
  type RegisteredClaim,
  type Registration,
  registeredClaim,
  type SeenCells,
} from "../claims/registered.js";
import { readRegistration, requireSame } from "../claims/registration.js";
import { type ConfigFlags, readConfig, resolveConfig } from "../config/index.js";
import type { TrainerConfig } from "../contract/config.js";
import { canonicalJson, digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import { plural } from "../contract/printable.js";
import { armsOf, type Claim } from "../contract/results/claim.js";
import { loadRegistry, type Registry } from "../plugins.js";
import { planRun, type RunPlan } from "../run/plan/plan.js";
import { readRunRecord } from "../run/store/store.js";
import { type AppContext, registryFor, specifiersFor } from "./context.js";

/** How claims are to be tested. */
export interface ClaimsOptions extends Omit<ConfigFlags, "trainers" | "reference" | "keepCheckpoints" | "failOn"> {
  /** Ids of the claims to test; all without it. */
  only?: string[];
  config?: string;
  /** The most task orders that the run may grow to; as many as are run now without it. */
  maxOrders?: number;
  /** How often the growing data may be judged; one without it, two where the run may grow. */
  looks?: number;
}

/** A run of claims before it starts. */
export interface PlannedClaims {
  claims: RegisteredClaim[];
  arms: Record<string, ResolvedArm>;
  /** Of the orders that were asked for. */
  plan: RunPlan;
  /** Of the orders that the run began with: the same, or fewer where it shall grow. */
  base: RunPlan;
  limits: Limits;
  /** Undefined where these claims are new. */
  registration: Registration | undefined;
  /** Cells that an earlier registration had finished. */
  seen: SeenCells[];
  registry: Registry;
  /** The plan of the same run with so many task orders. */
  planOrders(orders: number): Promise<RunPlan>;
}

/** The claims that plug-ins bring, of these ids. */
export async function listClaims(
  { only, plugins }: Pick<ClaimsOptions, "only" | "plugins">,
  context: Pick<AppContext, "builtIns">,
): Promise<Claim[]> {
  const registry = await registryFor(context, plugins);
  return chooseClaims(registry.allClaims(), only, registry.allMetrics());
}

/**
 * Plans the run that claims are judged by, their arms on a suite, and finds their registration.
 *
 * @throws RUN_MISMATCH where a statement was registered before, or the directory for something else; USAGE beyond the
 *   registered limits.
 */
export async function planClaims(
  reference: string | undefined,
  { config: file, only, maxOrders, looks, ...flags }: ClaimsOptions,
  context: Pick<AppContext, "builtIns">,
): Promise<PlannedClaims> {
  const read = (trainers: string[], orders = flags.orders) =>
    readConfig(file, { ...flags, orders, reference, trainers });
  const { plugins, suite } = read([]).config;
  const specifiers = specifiersFor(context, plugins);
  const registry = await loadRegistry(specifiers);
  const chosen = chooseClaims(registry.allClaims(), only, registry.allMetrics(), suite.name ?? "");
  const arms = resolveArms(combineArms(chosen), registry);
  const claims = chosen.map(registeredClaim);
  const trainers = trainersOf(claims, arms);
  const names = trainers.map(({ name }) => name);
  const planOrders = async (orders?: number): Promise<RunPlan> => {
    const request = read(names, orders);
    const config = resolveConfig({ ...request, config: { ...request.config, trainers } }, registry);
    const plan = await planRun(config, registry, specifiers);
    return config.out === undefined ? { ...plan, directory: directoryOf(plan, claims, arms) } : plan;
  };
  const plan = await planOrders();
  const registration = readRegistration(plan.directory);
  const begun = registration && readRunRecord(plan.directory)?.orders.length;
  const asked = plan.record.orders.length;
  const base = begun === undefined || begun === asked ? plan : await planOrders(begun);
  const proposal: Proposal = {
    claims,
    arms,
    run: base.record.configDigest,
    directory: plan.directory,
    record: plan.record,
  };
  if (registration !== undefined) requireSame(registration, proposal, plan.directory);
  const limits = limitsOf(registration, asked, maxOrders, looks);
  const seen = registration?.seen ?? searchLedger(proposal);
  return { claims, arms, plan, base, limits, registration, seen, registry, planOrders };
}

/** The same for any number of orders, so that a run can grow. */
function directoryOf(
  { record, config }: RunPlan,
  claims: readonly RegisteredClaim[],
  arms: Readonly<Record<string, ResolvedArm>>,
): string {
  const { suite, model, seeds, quick, numerics } = record;
  const { device, threads } = config;
  const what = { suite: suite.digest, model: model.digest, seeds, quick, numerics, device, threads, claims, arms };
  return resolve("runs", `claims-${suite.name}-${digestOf(what).slice(0, 8)}`);
}

/** What was registered, or shall be. Throws USAGE where more is asked for than was registered. */
function limitsOf(
  registration: Registration | undefined,
  asked: number,
  maxOrders: number | undefined,
  looks: number | undefined,
): Limits {
  if (registration === undefined) {
    const orders = Math.max(asked, maxOrders ?? asked);
    return { orders, looks: looks ?? (orders > asked ? 2 : 1) };
  }
  const { limits } = registration;
  const beyond = asked > limits.orders || (maxOrders ?? limits.orders) !== limits.orders;
  if (!beyond && (looks ?? limits.looks) === limits.looks) return limits;
  throw new BenchError(
    "USAGE",
    `these claims were registered for at most ${limits.orders} task orders and ${plural(limits.looks, "look")}`,
    {
      fix: "Limits are final, as they were chosen before the data: ask for no more --orders, and leave out --max-orders and --looks.",
    },
  );
}

/** The arms of the claims that can run at all, each different trainer once, labeled by the arm's name. */
function trainersOf(claims: readonly RegisteredClaim[], arms: Readonly<Record<string, ResolvedArm>>): TrainerConfig[] {
  const runnable = claims.filter((claim) => armsOf(claim).every((name) => !("missing" in arms[name]!)));
  const trainers = new Map<string, TrainerConfig>();
  for (const label of new Set(runnable.flatMap(armsOf))) {
    const { trainer: name, options } = arms[label] as Exclude<ResolvedArm, { missing: string }>;
    const key = canonicalJson({ name, options });
    if (!trainers.has(key)) trainers.set(key, { label, name, options });
  }
  if (trainers.size > 0) return [...trainers.values()];
  const reasons = Object.values(arms).flatMap((arm) => ("missing" in arm ? [arm.missing] : []));
  throw new BenchError("UNKNOWN_NAME", `none of these claims can run: ${[...new Set(reasons)].join("; ")}`, {
    fix: "Load the plug-ins that offer these trainers with --plugin, or choose other claims with --only.",
  });
}
