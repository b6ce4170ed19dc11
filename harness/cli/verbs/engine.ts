import type { Command } from "commander";
import type { InstallEngineOptions } from "../../app/install-engine.js";
import { type CliContext, type CommonOptions, printJson, withCommonOptions } from "../context.js";

type Options = CommonOptions & InstallEngineOptions;

/** `bench engine install <name>`: what an engine computes with, where that is not part of this package. */
export function addEngine(program: Command, context: CliContext): void {
  const parent = program.command("engine").description("install what an engine computes with").helpCommand(false);
  const command = parent
    .command("install")
    .description("install what an engine computes with in the cache, in the versions that it is tested with")
    .argument("<name>", "an engine; see `bench list engines`")
    .option("--python <path>", "Python to install for (default: python3 on the PATH)")
    .option("--index <url>", "further package index, such as one with builds for CPUs or for ROCm");
  withCommonOptions(command, [
    "bench engine install torch",
    "bench engine install torch --index https://download.pytorch.org/whl/cpu",
  ]).action(async (name: string, { json, plugin: plugins, ...options }: Options) => {
    const { installEngine } = await import("../../app/install-engine.js");
    const done = await installEngine(name, { ...options, plugins }, context, (line) => {
      context.stderr.write(`${line}\n`);
    });
    if (json) printJson(context, { engine: name, done });
    else context.print(`${done}\n`);
  });
}
