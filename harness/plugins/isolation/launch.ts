import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { BenchError } from "../../contract/errors.js";
import type { Confinement, Isolation, IsolationPolicy } from "../../contract/isolation.js";
import type { LearnerContext } from "../../contract/trainer.js";
import { hasBubblewrap, inBubblewrap } from "./bubblewrap.js";
import { hasPermissions, permissionFlags } from "./permissions.js";

/** How the process of a plug-in is started. */
export interface Launch {
  words: readonly string[];
  isolation: Isolation;
}

/** What a plug-in is made of: modules that a host serves, or a command. */
export interface PluginProgram {
  words: readonly string[];
  /** Paths of the modules, where the words are Node, the host and these. */
  modules?: readonly string[];
}

/**
 * The best isolation that there is for modules, or for commands. Asked before a run starts, and again for each process.
 *
 * @param engine that the modules compute with.
 * @throws ISOLATION_UNAVAILABLE where the policy asks for it and there is none.
 */
export function availableIsolation(
  kind: "module" | "command",
  policy: IsolationPolicy,
  engine: { startsProcesses?: boolean } = {},
): Isolation {
  if (policy === "never") return "none";
  if (hasBubblewrap()) return "bubblewrap";
  const suits = kind === "module" && !engine.startsProcesses;
  if (suits && hasPermissions()) return "permissions";
  if (policy === "auto") return "none";
  throw unavailable(
    suits ? "this Node has no permission model" : "commands, and engines with processes of their own, need bubblewrap",
  );
}

/**
 * The command line that starts a plug-in for one learner.
 *
 * @param workspace the only directory that it may write in where it is isolated.
 * @throws ISOLATION_UNAVAILABLE where the policy asks for it and there is none.
 */
export function launch(
  { words, modules }: PluginProgram,
  { policy, hidden, readable }: Confinement,
  workspace: string,
  context: LearnerContext | undefined,
): Launch {
  const isolation = availableIsolation(modules === undefined ? "command" : "module", policy, context?.engine);
  if (isolation === "none") return { words, isolation };
  const paths = { hidden, needed: neededBy(words, context), writable: workspace };
  if (isolation === "bubblewrap") return { words: inBubblewrap(words, paths), isolation };
  const optional = context === undefined ? [] : pathsIn(context.options);
  const flags = permissionFlags(modules!, { ...paths, readable: [...readable, ...optional] });
  if (flags !== undefined) return { words: [words[0]!, ...flags, ...words.slice(1)], isolation };
  if (policy === "auto") return { words, isolation: "none" };
  throw unavailable("the plug-in's package lies around the run or its suite, and has too many files to name each");
}

/** What a learner needs wherever it is: its own files and the model. */
function neededBy(words: readonly string[], context: LearnerContext | undefined): string[] {
  const { directory, adapter } = context?.engine?.checkpoint ?? {};
  const models = [...(context?.model.split("::") ?? []), directory, adapter];
  return [...words, ...models].filter((path) => path !== undefined && isAbsolute(path) && existsSync(path)) as string[];
}

/** Absolute paths among the values of options. */
function pathsIn(value: unknown): string[] {
  if (typeof value === "string") return isAbsolute(value) && existsSync(value) ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(pathsIn) : [];
}

const unavailable = (why: string): BenchError =>
  new BenchError("ISOLATION_UNAVAILABLE", `the run asks for isolated plug-ins: ${why}`, {
    fix: "Install bubblewrap, use a Node that has permissions, or leave out --isolate require.",
  });
