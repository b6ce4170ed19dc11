import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { registryFor } from "../../app/context.js";
import { BenchError } from "../../contract/errors.js";
import { writeFileAtomically } from "../../contract/files.js";
import { type CliContext, type CommonOptions, printJson, withCommonOptions } from "../context.js";
import { configTemplate } from "../text/config-template.js";

type InitOptions = CommonOptions & { force?: boolean };

/** `bench init [file]`: writes a commented configuration; `bench init suite [directory]`, the settings of data. */
export function addInit(program: Command, context: CliContext): void {
  const command = program
    .command("init")
    .description("write a commented starting configuration")
    .argument("[file]", "where to write it", "bench.yaml")
    .option("--force", "overwrite an existing file");
  withCommonOptions(command, [
    "bench init",
    "bench init experiments/replay.yaml",
    "bench run --config bench.yaml",
    "bench init suite ./my-data",
  ]).action((file: string, options: InitOptions) => {
    write(file, configTemplate, options);
    if (options.json) printJson(context, { file });
    else context.print(`Wrote ${file}. Run it with:\n\n  bench run --config ${file}\n`);
  });
  const suite = command
    .command("suite")
    .description("write commented settings for your own data")
    .argument("[directory]", "directory of the data", ".")
    .option("--force", "overwrite an existing file");
  withCommonOptions(suite, ["bench init suite ./my-data", "bench validate ./my-data"]).action(
    async (directory: string, _: InitOptions, self: Command) => {
      const options: InitOptions = self.optsWithGlobals();
      const { locationSuite } = await import("../../config/index.js");
      const { allSuites } = await registryFor(context, options.plugin);
      const template = await locationSuite(allSuites()).template!(directory);
      const file = join(directory, template.file);
      write(file, template.text, options);
      if (options.json) printJson(context, { file });
      else context.print(`Wrote ${file}. Uncomment what you need, then:\n\n  bench validate ${directory}\n`);
    },
  );
}

function write(file: string, text: string, { force }: InitOptions): void {
  if (existsSync(file) && !force) {
    throw new BenchError("USAGE", `${file} is already there`, {
      fix: "Give another name, or overwrite it with --force.",
      at: { file },
    });
  }
  writeFileAtomically(resolve(file), text);
}
