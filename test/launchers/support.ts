import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RunConfig } from "../../harness/contract/config.js";
import type { RunEvent } from "../../harness/contract/event.js";
import { packageRoot } from "../../harness/contract/files.js";
import { loadRegistry } from "../../harness/plugins.js";
import { executeRun, type RunOutcome } from "../../harness/run/execute.js";
import { planRun } from "../../harness/run/plan/plan.js";
import { configure, plugins } from "../harness/run/support.js";

/** The trainers of the grid that is carried out here and elsewhere. */
export const trainers = ["sequential", "replay"] as const;

const launchers = pathToFileURL(join(packageRoot, "dist", "launchers", "index.js")).href;

/**
 * Carries out the fixture's grid elsewhere.
 *
 * @param during sees every event, and may stop the run.
 */
export async function elsewhere(
  out: string,
  changes: Partial<RunConfig>,
  during: (event: RunEvent, stop: () => void) => void = () => undefined,
): Promise<RunOutcome & { events: RunEvent[] }> {
  const specifiers = [...plugins, launchers];
  const config = { ...configure(out, { seeds: [1, 2] }, ...trainers), ...changes };
  const events: RunEvent[] = [];
  const controller = new AbortController();
  const show = (event: RunEvent): void => {
    events.push(event);
    during(event, () => controller.abort());
  };
  const plan = await planRun(config, await loadRegistry(specifiers), specifiers, "bench run words");
  const options = { display: { show, close: () => undefined }, cancellation: controller.signal };
  return { ...(await executeRun(plan, options)), events };
}
