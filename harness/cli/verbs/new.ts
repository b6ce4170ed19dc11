import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { BenchError } from "../../contract/errors.js";
import { packageRoot, writeFileAtomically } from "../../contract/files.js";
import { type CliContext, type CommonOptions, printJson, withCommonOptions } from "../context.js";

interface NewOptions extends CommonOptions {
  language: "javascript" | "python";
  force?: boolean;
}

const templates = {
  javascript: { file: "template.mjs", extension: ".mjs", name: "most-frequent", trainer: (path: string) => path },
  python: {
    file: "client.py",
    extension: ".py",
    name: "memorizer",
    trainer: (path: string) => `command:python3 ${path}`,
  },
};

/** `bench new trainer <name>`: writes a plug-in that runs, to put a method into. */
export function addNew(program: Command, context: CliContext): void {
  const parent = program.command("new").description("write a plug-in that runs, to start from").helpCommand(false);
  const command = parent
    .command("trainer")
    .description("write a trainer that runs, to put your method into")
    .argument("<name>", "the trainer's name, such as my-method")
    .addOption(
      new Option("--language <language>", "what it is written in")
        .choices(["javascript", "python"])
        .default("javascript"),
    )
    .option("--force", "overwrite a file that is there");
  withCommonOptions(command, [
    "bench new trainer my-method",
    "bench new trainer my-method --language python",
    "bench run trace-seq --quick --trainers sequential,./my-method.mjs",
  ]).action((name: string, options: NewOptions) => {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
      throw new BenchError("USAGE", `"${name}" cannot name a trainer`, {
        fix: "Use letters, digits, dots and hyphens.",
      });
    }
    const template = templates[options.language];
    const path = `./${name}${template.extension}`;
    if (existsSync(path) && !options.force) {
      throw new BenchError("USAGE", `${path} is already there`, {
        fix: "Choose another name, or overwrite it with --force.",
      });
    }
    const text = readFileSync(join(packageRoot, "harness", "plugins", template.file), "utf8");
    writeFileAtomically(resolve(path), text.replaceAll(`"${template.name}"`, `"${name}"`));
    const trainers = `sequential,${template.trainer(path)}`;
    const next = `bench run trace-seq --quick --trainers ${trainers.includes(" ") ? `"${trainers}"` : trainers}`;
    if (options.json) printJson(context, { file: path, run: next });
    else context.print(`Wrote ${path}. It runs as it is:\n\n  ${next}\n`);
  });
}
