import type { RunConfig } from "../../contract/config.js";
import { BenchError } from "../../contract/errors.js";
import { isRedacted } from "../../contract/redact.js";
import type { Baseline } from "../../gate/baseline.js";
import type { Entry } from "../../gate/entry.js";
import { type Extension, planExtension, restrictPlan } from "../../gate/extend.js";
import type { GateResult } from "../../gate/gate.js";
import { requireConsent } from "../../plugins/consent.js";
import { loadRegistry } from "../../plugins.js";
import { planRun } from "../../run/plan/plan.js";
import { type AppContext, specifiersFor } from "../context.js";

/**
 * Runs the further orders that an inconclusive gate asks for. Alerts go to the run's webhook only where its address is in
 * an environment variable: another is not stored.
 *
 * @returns why there are none to run, or undefined.
 * @throws USAGE where the run names plug-ins that the user did not consent to.
 */
export async function extendGate(
  result: GateResult,
  baseline: Baseline,
  entry: Entry,
  { cap, trustPlugins }: { cap: number; trustPlugins?: string },
  context: AppContext,
): Promise<string | undefined> {
  const planned = planExtension(result, baseline, entry, cap);
  if ("reason" in planned) return planned.reason;
  await runOrders(entry, planned.extension, trustPlugins, context);
  return undefined;
}

async function runOrders(
  entry: Entry,
  extension: Extension,
  trustPlugins: string | undefined,
  context: AppContext,
): Promise<void> {
  const config = withoutSecrets(entry.run.config as unknown as RunConfig);
  requireConsent(config.plugins, trustPlugins, entry.directory);
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

function withoutSecrets(config: RunConfig): RunConfig {
  const webhook = config.alerts?.webhook;
  if (webhook === undefined || !isRedacted(webhook.url)) return config;
  const { webhook: _webhook, ...alerts } = config.alerts!;
  return { ...config, alerts };
}
