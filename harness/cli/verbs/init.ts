import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { BenchError } from "../../contract/errors.js";
import { writeFileAtomically } from "../../contract/files.js";
import { type CliContext, type CommonOptions, printJson, withCommonOptions } from "../context.js";
import { configTemplate } from "../text/config-template.js";

/** `bench init [file]`: writes a commented configuration. */
export function addInit(program: Command, context: CliContext): void {
  const command = program
    .command("init")
    .description("write a commented configuration to start from")
    .argument("[file]", "where to write it", "bench.yaml")
    .option("--force", "overwrite a file that is there");
  withCommonOptions(command, [
    "bench init",
    "bench init experiments/replay.yaml",
    "bench run --config bench.yaml",
  ]).action((file: string, options: CommonOptions & { force?: boolean }) => {
    if (existsSync(file) && !options.force) {
      throw new BenchError("USAGE", `${file} is already there`, {
        fix: "Give another name, or overwrite it with --force.",
        at: { file },
      });
    }
    writeFileAtomically(resolve(file), configTemplate);
    if (options.json) printJson(context, { file });
    else context.print(`Wrote ${file}. Run it with:\n\n  bench run --config ${file}\n`);
  });
}
