import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { SignedOptions } from "../../app/registry/signature.js";
import type { RolloutStatus } from "../../app/rollout.js";
import { BenchError } from "../../contract/errors.js";
import {
  type CliContext,
  type CommonOptions,
  noticePrinter,
  printJson,
  printLines,
  withCommonOptions,
} from "../context.js";
import { withRegistryOption, withSignature } from "../shared-options.js";

type Options = CommonOptions & SignedOptions;

/** `bench rollout`: a version takes the champion's place step by step, or goes back. */
export function addRollout(program: Command, context: CliContext): void {
  const notice = noticePrinter(context);
  const rollout = program
    .command("rollout")
    .description("let a version replace the champion step by step, on evidence that may be read at any time")
    .helpCommand(false);

  const start = rollout
    .command("start")
    .description("start the rollout of a version against the champion")
    .argument("<version>", "the candidate: name@3 or name@alias")
    .requiredOption("--policy <file>", "steps, metrics and margins in YAML or JSON");
  withCommonOptions(withSignature(start), ["bench rollout start support@4 --policy policy.yaml"]).action(
    async (reference: string, options: Options & { policy: string }) => {
      const { startRollout } = await import("../../app/rollout.js");
      await show(await startRollout(reference, { ...options, notice }), options, context);
    },
  );

  const status = rollout
    .command("status")
    .description("show where the last rollout of a model is, with its evidence")
    .argument("<name>", "name of the model");
  withCommonOptions(withRegistryOption(status), [
    "bench rollout status support",
    "bench rollout status support --json",
  ]).action(async (name: string, options: Options) => {
    const { readRollout } = await import("../../app/rollout.js");
    await show(readRollout(name, { ...options, notice }), options, context);
  });

  const arm = rollout
    .command("arm")
    .description("print which version answers a request; whoever has the candidate keeps it as its share grows")
    .argument("<name>", "name of the model")
    .argument("<request>", "id of the request, or of the user");
  withCommonOptions(withRegistryOption(arm), ["bench rollout arm support user-4711"]).action(
    async (name: string, request: string, options: Options) => {
      const { armFor } = await import("../../app/rollout.js");
      const answered = armFor(name, request, { ...options, notice });
      if (options.json) printJson(context, { arm: answered });
      else printLines(context, [answered]);
    },
  );

  const record = rollout
    .command("record")
    .description("add observations, lines of JSON with arm, metric and value")
    .argument("<name>", "name of the model")
    .argument("[file]", "file with the lines; standard input without one");
  withCommonOptions(withRegistryOption(record), ["bench rollout record support observations.jsonl"]).action(
    async (name: string, file: string | undefined, options: Options) => {
      const { observe } = await import("../../app/rollout.js");
      await show(await observe(name, readLines(file), { ...options, notice }), options, context);
    },
  );

  const advance = rollout
    .command("advance")
    .description("do what evidence and policy say: next step, promotion, pause or way back")
    .argument("<name>", "name of the model");
  withCommonOptions(withSignature(advance, false), ["bench rollout advance support"])
    .addHelpText("after", "\nExit codes: 0 next step or promoted, 1 rolled back, 3 nothing to do yet or paused.")
    .action(async (name: string, options: Options) => {
      const { actOnRollout } = await import("../../app/rollout.js");
      const done = await actOnRollout(name, { ...options, notice });
      await show(done, options, context);
      const codes = { "roll back": 1, wait: 3, pause: 3, advance: 0, promote: 0 };
      process.exitCode = codes[done.decision.action];
    });

  const interventions = [
    ["pause", "paused", "keep the share as it is until `resume`"],
    ["resume", "resumed", "go on with a paused rollout"],
    ["abort", "aborted", "end a rollout; the champion answers every request"],
    ["rollback", "rolled-back", "go back to the former champion, also after the promotion"],
  ] as const;
  for (const [verb, type, description] of interventions) {
    const command = rollout.command(verb).description(description).argument("<name>", "name of the model");
    withCommonOptions(withSignature(command), [`bench rollout ${verb} support --reason "complaints"`]).action(
      async (name: string, options: Options) => {
        const { intervene } = await import("../../app/rollout.js");
        await show(await intervene(name, type, { ...options, notice }), options, context);
      },
    );
  }
}

async function show(status: RolloutStatus, { json }: CommonOptions, context: CliContext): Promise<void> {
  const { rolloutLines } = await import("../text/rollout-lines.js");
  if (!json) return printLines(context, rolloutLines(status, context));
  const { observations: _all, ...rollout } = status.rollout; // the evidence has their numbers
  printJson(context, { ...status, rollout });
}

function readLines(file: string | undefined): string[] {
  try {
    return readFileSync(file ?? 0, "utf8").split("\n");
  } catch (error) {
    throw new BenchError("STORAGE", `the observations cannot be read: ${(error as Error).message}`, {
      fix: "Give a file of JSON lines, or write them to standard input.",
      cause: error,
    });
  }
}
