import { resolveArms } from "../claims/arms.js";
import { chooseClaims, combineArms } from "../claims/choose.js";
import { readClaims, writeClaims } from "../claims/files.js";
import { noteRegistration } from "../claims/ledger.js";
import { type ClaimsRecord, judgeRun, type Look } from "../claims/record.js";
import { type Registration, registeredClaim } from "../claims/registered.js";
import { readRegistration, writeRegistration } from "../claims/registration.js";
import { BenchError } from "../contract/errors.js";
import { readEntries } from "../gate/entry.js";
import { type Extension, extensionsIn, restrictPlan } from "../gate/extend.js";
import type { RunObserver } from "../run/display/observed.js";
import { type ReadingOptions, requireRunRecord } from "../run/store/store.js";
import { type AppContext, registryFor } from "./context.js";
import type { ClaimsOptions, PlannedClaims } from "./plan-claims.js";
import { observersOf, renderReport } from "./render-report.js";

/** Claims after their run. */
export interface CheckedClaims {
  record: ClaimsRecord;
  /** Path of the page; null where none could be made. */
  report: string | null;
  /** Cells that failed. */
  failed: number;
}

/**
 * Judges a stored run. Where the claims asked for were registered, all that was registered is judged: p is adjusted over
 * it. Plug-ins that the run names are not loaded, only those that are given.
 */
export async function judgeStoredRun(
  directory: string,
  { only, plugins, notice }: Pick<ClaimsOptions, "only" | "plugins"> & ReadingOptions,
  context: Pick<AppContext, "builtIns">,
): Promise<ClaimsRecord> {
  const registry = await registryFor(context, plugins);
  const metrics = registry.allMetrics();
  const registration = readRegistration(directory);
  const registered = registration?.claims.map(({ id }) => id) ?? [];
  if (registration !== undefined && (only ?? []).every((id) => registered.includes(id))) {
    const tested = { ...registration, registration, metrics, notice };
    const record = judgeRun(directory, tested, looksAt(directory, registration));
    return { ...record, claims: record.claims.filter(({ id }) => only?.includes(id) ?? true) };
  }
  const claims = chooseClaims(registry.allClaims(), only, metrics, requireRunRecord(directory).suite.name);
  const arms = resolveArms(combineArms(claims), registry);
  return judgeRun(directory, { claims: claims.map(registeredClaim), arms, metrics, notice });
}

/** Registers claims, runs their plan, judges them and writes the verdicts. A verdict is a result, never an error. */
export async function checkClaims(
  planned: PlannedClaims,
  context: Pick<AppContext, "execute">,
): Promise<CheckedClaims> {
  const { plan, base, registry, claims, arms } = planned;
  const { directory } = plan;
  const registration = planned.registration ?? register(planned);
  const earlier = looksAt(directory, registration);
  const follow = () => observersOf(registry, directory, plan.config);
  let failed = await execute(base, context, follow());
  for (const extension of extensions(planned, earlier)) {
    const whole = extension.to === plan.record.orders.length ? plan : await planned.planOrders(extension.to);
    failed += await execute(restrictPlan(whole, readEntries(directory), extension), context, follow());
  }
  const record = judgeRun(directory, { claims, arms, registration, metrics: registry.allMetrics() }, earlier);
  writeClaims(record);
  const { reporters, metrics: columns } = plan.config;
  const { report } = await renderReport(registry, directory, { reporters, columns });
  return { record, report, failed };
}

function register({ claims, arms, base, limits, seen }: PlannedClaims): Registration {
  const { directory, record } = base;
  const registered = { claims, arms, run: record.configDigest };
  const registration = writeRegistration(directory, { ...registered, limits, seen });
  noteRegistration(registration, { ...registered, directory, record });
  return registration;
}

/** Earlier looks at the data of this registration. */
function looksAt(directory: string, { digest }: Registration): Look[] {
  const record = readClaims(directory);
  return record?.registration?.digest === digest ? record.looks : [];
}

/** The further orders that were begun, and those that are asked for now. Throws USAGE where no look is left for them. */
function extensions({ plan, base, limits }: PlannedClaims, earlier: readonly Look[]): Extension[] {
  const begun = extensionsIn(plan.directory);
  const from = begun.at(-1)?.to ?? base.record.orders.length;
  const to = plan.record.orders.length;
  if (to <= from) return begun;
  if (earlier.length >= limits.looks) {
    const orders = earlier.map((look) => look.orders).join(", ");
    throw new BenchError("USAGE", `all ${limits.looks} looks that were registered are used: at ${orders} task orders`, {
      fix: `The verdicts are in ${plan.directory}; ask for no more than ${from} --orders to see them again.`,
    });
  }
  return [...begun, { from, to }];
}

async function execute(
  plan: PlannedClaims["plan"],
  context: Pick<AppContext, "execute">,
  observers: readonly RunObserver[],
): Promise<number> {
  const { status, failed } = await context.execute(plan, observers);
  if (status !== "cancelled") return failed;
  throw new BenchError("CANCELLED", "the claims were interrupted", {
    fix: "The same command goes on where it stopped.",
  });
}
