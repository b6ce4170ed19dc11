import type { Command } from "commander";
import type { ServeOptions } from "../../app/serve-models.js";
import { printable } from "../../contract/printable.js";
import { type CliContext, type CommonOptions, collect, printJson, printLines, withCommonOptions } from "../context.js";
import { untilInterrupted } from "../interrupted.js";
import { withDeviceOptions, withRegistryOption } from "../shared-options.js";
import { seconds, wholeNumber } from "../whole-number.js";

/** `bench serve <names...>`: an OpenAI-compatible server of versions of the registry, which carries out rollouts. */
export function addServe(program: Command, context: CliContext): void {
  const command = program
    .command("serve")
    .description("serve models of the registry by OpenAI's API, and carry out their rollouts, until Ctrl-C")
    .argument("<names...>", "names of models; clients ask for a name, name@3 or name@alias");
  withRegistryOption(command)
    .optionsGroup("Server:")
    .option("--host <address>", "address to listen on; any other than this machine's needs --keys", "127.0.0.1")
    .option("--port <n>", "port; 0 for a free one", wholeNumber(0, 65_535), 8080)
    .option("--keys <source>", "keys of clients: a file with one a line, or env:NAME")
    .option("--operator-keys <source>", "keys of those who may also add observations to rollouts and end them")
    .option("--pending <n>", "calls that wait or are computed at a time; more get 429", wholeNumber(1, 100_000), 64)
    .option("--timeout <seconds>", "until the last byte of an answer", wholeNumber(1, 86_400), 120)
    .optionsGroup("Versions:")
    .option(
      "--upstream <version=address>",
      "server that computes a version, as http://host/v1#model; repeatable",
      collect,
    )
    .option("--upstream-key <source>", "key of these servers, as env:NAME")
    .option("--shadow <version:percent>", "ask this version too, of so many percent of the calls; it answers nobody")
    .option(
      "--prompt-cache <MiB>",
      "keys and values of prompts that each version computed here keeps, for those that begin alike; 0: none",
      wholeNumber(0, 1_000_000),
      64,
    )
    .option("--loaded <n>", "versions in memory at a time, unless more are current", wholeNumber(1, 1000), 3)
    .option(
      "--advance <seconds>",
      "how often rollouts are looked at; 0: only `bench rollout advance` decides",
      seconds({ zero: true }),
      10,
    )
    .option(
      "--probe <suite>",
      "before each look, put test items of this suite to candidate and champion: policies may name task.<id> and probe.<id>",
    )
    .option("--probe-items <n>", "of each of its tasks and probes, each time", wholeNumber(1, 1000), 4)
    .optionsGroup("Monitors:")
    .option(
      "--monitor <seconds>",
      "how often the champions are watched: items of --probe, the time of calls, and what is asked; 0: never",
      seconds({ zero: true }),
      0,
    )
    .option(
      "--monitor-calls <n>",
      "calls of a window that is compared with the first one",
      wholeNumber(48, 100_000),
      256,
    )
    .option("--alerts <file>", "configuration file whose section `alerts` has thresholds and a webhook");
  withCommonOptions(withDeviceOptions(command, "threads a version (default: half of the cores)"), [
    "bench serve support",
    "bench serve support --host 0.0.0.0 --keys keys.txt --shadow support@4:10",
    "bench serve support --upstream support@3=http://gpu-1:8000/v1 --upstream support@4=http://gpu-2:8000/v1#support-4",
  ]).action(async (names: string[], { plugin: plugins, json, ...options }: CommonOptions & ServeOptions) => {
    const { serveModels } = await import("../../app/serve-models.js");
    const log = (line: string) => void context.stderr.write(`${new Date().toISOString()} ${printable(line)}\n`);
    const ended = untilInterrupted();
    const { address, server } = await serveModels(names, { ...options, plugins }, context, log);
    log(`listening at ${address}`);
    if (json) printJson(context, { address, models: names });
    else
      printLines(context, [
        `Serving ${names.join(", ")} at ${address}/v1. Ctrl-C ends it when all calls are answered.`,
      ]);
    await ended;
    await server.close();
  });
}
