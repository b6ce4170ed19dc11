import { resolve } from "node:path";
import type { DashboardState } from "../../contract/dashboard.js";
import { machineState } from "../../dashboard/machine.js";
import { ModelsReader } from "../../dashboard/models.js";
import { Problems } from "../../dashboard/problems.js";
import { RunsReader } from "../../dashboard/runs.js";
import { type DashboardServer, dashboardServer } from "../../dashboard/server.js";
import { isLoopback } from "../../serve/guard.js";
import { type AppContext, registryFor } from "../context.js";
import { reporterThat } from "../render-report.js";
import { intervene } from "../rollout.js";
import { listening, readKeys } from "./listening.js";

/** Where a dashboard looks and listens. */
export interface DashboardOptions {
  registry: string;
  host: string;
  port: number;
  /** A file with a key a line, or env:NAME: of those who may act. */
  keys?: string;
  /** Seconds between two looks at what has changed. */
  every: number;
  plugins?: string[];
}

/**
 * Serves a live page of runs and of a registry.
 *
 * @param paths run directories, or directories of them.
 * @throws USAGE where the port is taken, or the keys are not ones; UNKNOWN_NAME where no reporter has a live page.
 */
export async function serveDashboard(
  paths: readonly string[],
  options: DashboardOptions,
  context: Pick<AppContext, "builtIns">,
): Promise<{ address: string; server: DashboardServer }> {
  const { host, port, registry, every } = options;
  const keys = readKeys(options.keys, "--keys");
  const plugins = await registryFor(context, options.plugins);
  const renderer = await reporterThat(plugins, "openDashboard").openDashboard!();
  const by = `bench dashboard on ${host}:${port}`;
  const server = dashboardServer({
    ...{ keys, loopback: isLoopback(host), everySeconds: every, renderer },
    read: stateReader(paths, registry, keys.length > 0),
    rollBack: async (name, reason) => {
      await intervene(name, "rolled-back", { registry, by, reason });
    },
  });
  return listening(server, host, port);
}

/** Reads everything that a dashboard shows, each time with a look at what has changed. */
export function stateReader(paths: readonly string[], registry: string, takesKeys: boolean): () => DashboardState {
  const places = paths.map((path) => resolve(path));
  const runs = new RunsReader(places);
  const models = new ModelsReader(resolve(registry));
  return () => {
    const problems = new Problems();
    return {
      ...{ runs: runs.read(problems), models: models.read(problems) },
      ...{ machine: machineState([...places, resolve(registry)]), problems: problems.texts, takesKeys },
    };
  };
}
