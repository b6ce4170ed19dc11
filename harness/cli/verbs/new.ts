import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { type Language, languages, type NewKind, newKinds, newPlugin } from "../../app/new-plugin.js";
import { BenchError } from "../../contract/errors.js";
import { writeFileAtomically } from "../../contract/files.js";
import { type CliContext, type CommonOptions, printJson, withCommonOptions } from "../context.js";

interface NewOptions extends CommonOptions {
  language?: Language;
  force?: boolean;
}

const descriptions: Record<NewKind, string> = {
  trainer: "a method on the training loop of the built-in ones, or in Python with PyTorch",
  suite: "tasks with their data",
  scorer: "how an answer is scored",
  metric: "a formula over the accuracy matrix",
};

const examples: Record<NewKind, string[]> = {
  trainer: ["bench new trainer my-method.mjs", "bench new trainer my_method.py"],
  suite: ["bench new suite my-suite.mjs", "bench new suite my-suite --language ts"],
  scorer: ["bench new scorer my-scorer.mjs", "bench new scorer my-scorer.ts"],
  metric: ["bench new metric my-metric.mjs", "bench new metric my-metric.ts"],
};

/** `bench new <kind> [name]`: writes a plug-in that runs, to put one's own into. */
export function addNew(program: Command, context: CliContext): void {
  const parent = program.command("new").description("write a working plug-in to start from").helpCommand(false);
  for (const kind of newKinds) {
    const command = parent
      .command(kind)
      .description(`write a working ${kind} to start from: ${descriptions[kind]}`)
      .argument("[name]", "its name, or that of its file; the extension (.mjs, .ts, .py) selects the language")
      .addOption(new Option("--language <language>", "language of the file").choices(languages))
      .option("--force", "overwrite an existing file");
    withCommonOptions(command, examples[kind]).action((name: string | undefined, options: NewOptions) => {
      const { file, text, run } = newPlugin(kind, name, options.language);
      const path = `./${file}`;
      if (existsSync(path) && !options.force) {
        throw new BenchError("USAGE", `${path} is already there`, {
          fix: "Choose another name, or overwrite it with --force.",
        });
      }
      writeFileAtomically(resolve(path), text);
      if (options.json) printJson(context, { file: path, run });
      else context.print(`Wrote ${path}. It runs as it is:\n\n  ${run}\n`);
    });
  }
}
