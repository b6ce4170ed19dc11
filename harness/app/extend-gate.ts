import type { RunConfig } from "../contract/config.js";
import { BenchError } from "../contract/errors.js";
import type { Baseline } from "../gate/baseline.js";
import type { Entry } from "../gate/entry.js";
import { type Extension, planExtension, restrictPlan } from "../gate/extend.js";
import type { GateResult } from "../gate/gate.js";
import { loadRegistry } from "../plugins.js";
import { planRun } from "../run/plan/plan.js";
import { type AppContext, specifiersFor } from "./context.js";

/** Runs the further orders that an inconclusive gate asks for. Returns why there are none to run, or undefined. */
export async function extendGate(
  result: GateResult,
  baseline: Baseline,
  entry: Entry,
  cap: number,
  context: AppContext,
): Promise<string | undefined> {
  const planned = planExtension(result, baseline, entry, cap);
  if ("reason" in planned) return planned.reason;
  await runOrders(entry, planned.extension, context);
  return undefined;
}

async function runOrders(entry: Entry, extension: Extension, context: AppContext): Promise<void> {
  const config = entry.run.config as unknown as RunConfig;
  const specifiers = specifiersFor(context, config.plugins);
  const registry = await loadRegistry(specifiers);
  const whole = await planRun({ ...config, orders: extension.to }, registry, specifiers);
  const outcome = await context.execute(restrictPlan(whole, [entry], extension));
  if (outcome.status === "cancelled") {
    throw new BenchError("CANCELLED", "the further orders were interrupted", {
      fix: "The same command goes on where it stopped.",
    });
  }
}
