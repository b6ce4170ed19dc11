import { fileURLToPath } from "node:url";
import type { Confinement } from "../contract/isolation.js";
import type { Plugin } from "../contract/plugin.js";
import type { TrainerDefinition } from "../contract/trainer.js";
import { createProcessLearner } from "./process-learner.js";
import { hostProgram } from "./process-trainer.js";
import type { PluginSource } from "./specifier.js";

/** A plug-in, and where it came from. */
export interface LoadedPlugin {
  specifier: string;
  source: PluginSource;
  plugin: Plugin;
}

/**
 * The trainers that plug-ins make of the methods of all of them, each with the specifier of its method, or else of its
 * maker. A learner that a third-party module takes part in runs in a child process with all modules that it needs.
 */
export function trainersOfMethods(
  loaded: readonly LoadedPlugin[],
  confinement: Confinement,
): { specifier: string; trainer: TrainerDefinition }[] {
  const origins = new Map(
    loaded.flatMap((origin) => (origin.plugin.methods ?? []).map(({ name }) => [name, origin] as const)),
  );
  const methods = loaded.flatMap(({ plugin }) => plugin.methods ?? []);
  return loaded.flatMap((maker) =>
    (maker.plugin.trainersFrom?.(methods) ?? []).map((trainer) => ({
      specifier: (origins.get(trainer.name) ?? maker).specifier,
      trainer: {
        ...trainer,
        create: (context) => {
          const used = (trainer.methods?.(context.options) ?? []).flatMap((name) => origins.get(name) ?? []);
          const modules = [...new Set([...used, maker].map(({ source }) => source))];
          if (modules.every(({ kind }) => kind === "built-in")) return trainer.create(context);
          const paths = modules.flatMap((source) => pathOf(source) ?? []);
          return createProcessLearner(trainer.name, hostProgram(paths), context, confinement);
        },
      },
    })),
  );
}

function pathOf(source: PluginSource): string | undefined {
  if (source.kind === "command") return undefined; // a command offers trainers alone
  return source.kind === "module" ? source.path : fileURLToPath(source.url);
}
