import type { Command } from "commander";
import type { DashboardOptions } from "../../app/serving/dashboard.js";
import { type CliContext, type CommonOptions, printJson, printLines, withCommonOptions } from "../context.js";
import { untilInterrupted } from "../interrupted.js";
import { withRegistryOption } from "../shared-options.js";
import { seconds, wholeNumber } from "../whole-number.js";

/** `bench dashboard [runs...]`: a live page of runs and of a registry. */
export function addDashboard(program: Command, context: CliContext): void {
  const command = program
    .command("dashboard")
    .description("show runs, versions and rollouts on a live page, until Ctrl-C")
    .argument("[runs...]", "run directories, or directories that contain them (default: runs)");
  withRegistryOption(command)
    .optionsGroup("Server:")
    .option("--host <address>", "address to listen on; whoever reaches it can read", "127.0.0.1")
    .option("--port <n>", "port; 0 for a free one", wholeNumber(0, 65_535), 8090)
    .option(
      "--keys <source>",
      "keys of those who may roll back: a file with one a line, or env:NAME; without it the page only shows",
    )
    .option("--every <seconds>", "how often it looks for what has changed", seconds(), 2);
  withCommonOptions(command, [
    "bench dashboard",
    "bench dashboard runs/* --registry registry --keys operators.txt",
  ]).action(async (given: string[], { plugin: plugins, json, ...options }: CommonOptions & DashboardOptions) => {
    const { serveDashboard } = await import("../../app/serving/dashboard.js");
    const ended = untilInterrupted();
    const paths = given.length === 0 ? ["runs"] : given;
    const { address, server } = await serveDashboard(paths, { ...options, plugins }, context);
    if (json) printJson(context, { address });
    else printLines(context, [`Dashboard at ${address}. Ctrl-C ends it.`]);
    await ended;
    await server.close();
  });
}
