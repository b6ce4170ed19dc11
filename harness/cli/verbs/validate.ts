import { type Command, Option } from "commander";
import picocolors from "picocolors";
import type { ValidateOptions } from "../../app/check-input.js";
import { inputKinds } from "../../app/context.js";
import { type CliContext, type CommonOptions, printJson, withCommonOptions } from "../context.js";
import { twoColumns } from "../text/columns.js";

/** `bench validate <what>`: checks data, a model, a plug-in, a configuration or a run before anything runs. */
export function addValidate(program: Command, context: CliContext): void {
  const command = program
    .command("validate")
    .description("check data, a model, a plug-in, a configuration or a run directory, before anything runs")
    .argument("<what>", "a path, a suite's name, hf://owner/name, hf://datasets/owner/name, or command:<words>")
    .addOption(new Option("--as <kind>", "kind of input, where it cannot be recognized").choices(inputKinds))
    .option("--suite <name>", "suite that reads the data")
    .option("--model <reference>", "model whose tokenizer measures the data (default: the suite's)")
    .option("--strict", "treat leaks, repeated rows and contradictions in the data as errors");
  withCommonOptions(command, [
    "bench validate bench.yaml",
    "bench validate ./my-data",
    "bench validate ./my-data --strict",
    "bench validate ./my-model --as model",
    "bench validate ./my-method.mjs",
    'bench validate "command:python3 my_method.py"',
  ]).action(async (what: string, options: ValidateOptions & CommonOptions) => {
    const { checkInput } = await import("../../app/check-input.js");
    const { kind, findings } = await checkInput(what, { ...options, plugins: options.plugin }, context);
    if (options.json) {
      printJson(context, { valid: true, kind, findings });
      return;
    }
    const paint = picocolors.createColors(context.color);
    const rows = Object.entries(findings).map(([key, value]): [string, string] => [key, String(value)]);
    context.print(`${paint.green("valid")} ${kind}: ${what}\n${twoColumns(rows, context.width).join("\n")}\n`);
  });
}
