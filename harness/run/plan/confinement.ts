import { existsSync, readdirSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunConfig } from "../../contract/config.js";
import type { Confinement } from "../../contract/isolation.js";
import type { TrainerRecord } from "../../contract/result.js";
import { hubCache } from "../../hub/cache.js";
import { availableIsolation } from "../../plugins/isolation/launch.js";
import { resolveSpecifier } from "../../plugins/specifier.js";
import type { Registry } from "../../plugins.js";
import { layout } from "../store/store.js";

/**
 * What the plug-ins of a run must not read: the run, other runs next to it, the run that it goes on from, and what its
 * suite is loaded from.
 *
 * @param directory of the run.
 * @param source run that it goes on from.
 */
export function confinementOf(
  config: RunConfig,
  directory: string,
  source: string | undefined,
  registry: Registry,
): Confinement {
  const hub = hubCache();
  return {
    policy: config.isolate ?? "auto",
    hidden: [
      directory,
      ...(source === undefined ? [] : [source]),
      ...directoriesIn(dirname(directory)).filter((path) => existsSync(join(path, layout.run))),
      ...suiteFiles(config, registry),
      ...directoriesIn(hub).filter((path) => path.startsWith(join(hub, "datasets--"))),
    ],
    readable: [hub],
  };
}

/**
 * Checks before anything runs that third-party trainers can be isolated where that is asked for.
 *
 * @param engine name of the one that computes.
 * @throws ISOLATION_UNAVAILABLE.
 */
export function checkIsolation(
  config: RunConfig,
  trainers: readonly TrainerRecord[],
  engine: string | undefined,
  registry: Registry,
): void {
  const computing = engine === undefined ? undefined : registry.engine(engine);
  for (const { name, options } of trainers) {
    for (const specifier of registry.sourcesOf(name, options)) {
      const { kind } = resolveSpecifier(specifier);
      if (kind !== "built-in") availableIsolation(kind, config.isolate ?? "auto", computing);
    }
  }
}

/** The location of a suite, paths among its options, and the directories next to the module of a built-in one. */
function suiteFiles({ suite: { name, location, options } }: RunConfig, registry: Registry): string[] {
  const origin = registry.origin("suites", name);
  const own = origin?.startsWith("file:") ? directoriesIn(dirname(fileURLToPath(origin))) : [];
  const named = [location, ...Object.values(options)].filter((value) => typeof value === "string");
  return [...named.filter((path) => isAbsolute(path) && existsSync(path)), ...own];
}

function directoriesIn(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const entries = readdirSync(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name));
}
