import { BenchError } from "../contract/errors.js";
import { type AppContext, registryFor } from "./context.js";

/** What is installed, and from where. */
export interface InstallEngineOptions {
  /** The interpreter to install for. */
  python?: string;
  /** URL of a package index that is asked besides the usual one. */
  index?: string;
  plugins?: string[];
}

/**
 * Installs what an engine computes with, where that is not part of this package. Resolves to what was done, in words.
 *
 * @param progress hears the lines of the programs that install.
 * @throws UNKNOWN_NAME; USAGE where the engine needs nothing; ENGINE_UNAVAILABLE where it fails.
 */
export async function installEngine(
  name: string,
  { python, index, plugins }: InstallEngineOptions,
  context: Pick<AppContext, "builtIns">,
  progress: (line: string) => void,
): Promise<string> {
  const registry = await registryFor(context, plugins);
  const { install } = registry.engine(name);
  if (install === undefined) {
    const others = registry.allEngines().filter((engine) => engine.install !== undefined);
    throw new BenchError("USAGE", `the engine "${name}" needs nothing to be installed`, {
      fix: `Engines that do: ${others.map((engine) => engine.name).join(", ")}.`,
    });
  }
  return install({ python, index, progress });
}
