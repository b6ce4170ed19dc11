import { type Command, Option } from "commander";
import type { EvaluateOptions } from "../../app/evaluate-checkpoint.js";
import { limits } from "../../config/limits.js";
import { type CliContext, type CommonOptions, printJson, printLines, withCommonOptions } from "../context.js";
import { errorText } from "../text/error-text.js";
import { wholeNumber } from "../whole-number.js";

/** `bench evaluate <checkpoint>`: a whole suite on a checkpoint as it is, right after a fine-tune. */
export function addEvaluate(program: Command, context: CliContext): void {
  const command = program
    .command("evaluate")
    .description("put a suite to a checkpoint as it is; what is known of it is not computed again")
    .argument("<checkpoint>", "a model directory, an adapter, hf://owner/name[@revision], or http://host:port/v1")
    .argument("[suite]", "a suite's name, a data directory, hf://datasets/owner/name, or name:location");
  withEvaluationOptions(command)
    .option("--base <reference>", "the model that an adapter belongs to, where it does not say so itself")
    .option("--out <directory>", "run directory; runs/<suite>-<digest> without it")
    .option("--served-model <name>", "the model's name at a server; its only one without it")
    .addOption(new Option("--api <kind>", "how a server is asked").choices(["completions", "chat"]))
    .option("--revision <text>", "which weights a server holds: another text is evaluated anew")
    .option("--concurrency <n>", "questions to a server at a time; 8 without it", wholeNumber(1, 1024))
    .option("--timeout <seconds>", "of one question to a server; 120 without it", wholeNumber(1, 86_400))
    .option("--retries <n>", "further attempts at a question to a server; 5 without it", wholeNumber(0, 100));
  withCommonOptions(command, [
    "bench evaluate ./checkpoint-500",
    "bench evaluate ./adapter trace-seq --base hf://HuggingFaceTB/SmolLM2-135M",
    "bench evaluate hf://HuggingFaceTB/SmolLM2-135M-Instruct trace-seq --quick --json",
    "bench evaluate http://localhost:8000/v1 trace-seq --served-model qwen --api chat --concurrency 16",
  ]).action(async (checkpoint: string, suite: string | undefined, options: EvaluateOptions & CommonOptions) => {
    const { evaluateCheckpoint } = await import("../../app/evaluate-checkpoint.js");
    const { evaluationLines } = await import("../text/evaluation-lines.js");
    const { renderReport } = await import("../../app/render-report.js");
    const { plugin: plugins, ...rest } = options;
    const evaluated = await evaluateCheckpoint(checkpoint, suite, { ...rest, plugins }, context);
    const { registry, run, ...result } = evaluated;
    const { report, errors } = await renderReport(registry, evaluated.directory);
    for (const error of errors) {
      process.stderr.write(errorText(error, { color: context.color, stack: false }));
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
  return command
    .option("--suite <name>", "the suite that reads the location given")
    .option(
      "--trainer <name>",
      "how questions are put: a trainer that does not learn; the one for checkpoints or servers without it",
    )
    .option("--config <file>", "configuration: its suite and its plug-ins")
    .option("--quick", "a smaller, honest configuration, for smoke tests")
    .option("--device <device>", "cpu, webgpu or cuda; see `bench doctor`")
    .option("--engine <name>", "the engine that computes; see `bench list engines`")
    .addOption(chatOption())
    .option("--threads <n>", "threads of the evaluation", wholeNumber(1, limits.threads));
}

/** Of every verb that asks a model. */
export function chatOption(): Option {
  const text = "whether a model that has a chat template is asked through it; auto: it is";
  return new Option("--chat <when>", text).choices(["auto", "never"]);
}
