import { type Command, Option } from "commander";
import type { EvaluateOptions } from "../../app/checkpoints/evaluate-checkpoint.js";
import { type CliContext, type CommonOptions, printJson, printLines, withCommonOptions } from "../context.js";
import { suiteArgument, withDeviceOptions } from "../shared-options.js";
import { errorText } from "../text/error-text.js";
import { wholeNumber } from "../whole-number.js";

/** `bench evaluate <checkpoint>`: a whole suite on a checkpoint as it is, right after a fine-tune. */
export function addEvaluate(program: Command, context: CliContext): void {
  const command = program
    .command("evaluate")
    .description("evaluate a checkpoint on a suite without training; stored results are reused")
    .argument("<checkpoint>", "a model directory, an adapter, hf://owner/name[@revision], or http://host:port/v1")
    .argument("[suite]", suiteArgument);
  withEvaluationOptions(command)
    .option("--base <reference>", "base model of an adapter that does not name it")
    .optionsGroup("Output:")
    .option("--out <directory>", "run directory (default: runs/<suite>-<digest>)")
    .optionsGroup("Model on a server:")
    .option("--served-model <name>", "name of the model on the server (default: the only one it serves)")
    .addOption(new Option("--api <kind>", "which API of the server to use").choices(["completions", "chat"]))
    .option("--revision <text>", "identifies the weights that the server holds; another value is evaluated anew")
    .option("--concurrency <n>", "concurrent requests to a server (default: 8)", wholeNumber(1, 1024))
    .option("--timeout <seconds>", "time limit of one request to a server (default: 120)", wholeNumber(1, 86_400))
    .option("--retries <n>", "how often to retry a request to a server (default: 5)", wholeNumber(0, 100));
  withCommonOptions(command, [
    "bench evaluate ./checkpoint-500",
    "bench evaluate ./adapter trace-seq --base hf://HuggingFaceTB/SmolLM2-135M",
    "bench evaluate hf://HuggingFaceTB/SmolLM2-135M-Instruct trace-seq --quick --json",
    "bench evaluate http://localhost:8000/v1 trace-seq --served-model qwen --api chat --concurrency 16",
  ]).action(async (checkpoint: string, suite: string | undefined, options: EvaluateOptions & CommonOptions) => {
    const { evaluateCheckpoint } = await import("../../app/checkpoints/evaluate-checkpoint.js");
    const { evaluationLines } = await import("../text/evaluation-lines.js");
    const { renderReport } = await import("../../app/render-report.js");
    const { plugin: plugins, ...rest } = options;
    const evaluated = await evaluateCheckpoint(checkpoint, suite, { ...rest, plugins }, context);
    const { registry, run, ...result } = evaluated;
    const { report, errors } = await renderReport(registry, evaluated.directory);
    for (const error of errors) {
      context.stderr.write(errorText(error, { color: context.color, stack: false }));
      process.exitCode = 1;
    }
    if (!options.json) printLines(context, evaluationLines(evaluated, report, context));
    else
      printJson(context, {
        ...result,
        suite: run.suite.name,
        suiteDigest: run.suite.digest,
        model: run.model,
        report,
      });
  });
}

/** What `evaluate` and `watch` have in common. */
export function withEvaluationOptions(command: Command): Command {
  const evaluation = command
    .option("--suite <name>", "suite that reads the given location")
    .option(
      "--trainer <name>",
      "trainer that asks the questions and does not learn (default: by the kind of checkpoint)",
    )
    .option("--config <file>", "configuration file, of which suite and plug-ins are used")
    .option("--quick", "smaller configuration, for smoke tests");
  return withDeviceOptions(evaluation, "threads of the evaluation");
}
