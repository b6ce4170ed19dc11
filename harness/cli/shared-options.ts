import { userInfo } from "node:os";
import { type Command, Option } from "commander";
import { limits } from "../config/limits.js";
import { wholeNumber } from "./whole-number.js";

/** What the argument `suite` of every verb may be. */
export const suiteArgument = "a suite's name, a data directory, hf://datasets/owner/name, or name:location";

/** What `run`, `claims` and `tune` have in common; further options appear under "Output". */
export function withGridOptions(command: Command): Command {
  const grid = command
    .option("--suite <name>", "suite that reads the given location")
    .option("--quick", "smaller configuration, for smoke tests")
    .optionsGroup("Model and device:")
    .option("--model <reference>", "base model: a directory or hf://owner/name[@revision]")
    .option(
      "--workers <n>",
      "cells to run in parallel (default: the number of cores; one each where there are several devices)",
      wholeNumber(1, limits.workers),
    );
  return withDeviceOptions(grid, "threads per cell")
    .option("--devices-per-cell <n>", "devices that compute one cell together", wholeNumber(1, limits.devicesPerCell))
    .optionsGroup("Output:")
    .option("--retry-failed", "rerun cells that failed before")
    .option("--dry-run", "show the plan with its estimates of time and disk, and stop");
}

/** What computes: options of every verb that asks a model. */
export function withDeviceOptions(command: Command, threads: string): Command {
  return command
    .optionsGroup("Model and device:")
    .option("--threads <n>", threads, wholeNumber(1, limits.threads))
    .option(
      "--device <device>",
      "cpu, webgpu, cuda or cuda:<n>, several with commas (cells share them), or auto; see `bench doctor`",
    )
    .option(
      "--engine <name>",
      "engine that trains and answers, or auto: the first that opens the model; see `bench list engines`",
    )
    .addOption(new Option("--dtype <type>", "type of the weights (default: float32)").choices(["float32", "bfloat16"]))
    .option(
      "--python <path>",
      "Python that an engine in Python runs on (default: what `bench engine install` installed)",
    )
    .addOption(
      new Option("--chat <when>", "apply the model's chat template, where it has one").choices(["auto", "never"]),
    );
}

/** Who decides, of every verb that writes a record of a decision. */
export const byOption = (): Option =>
  new Option("--by <name>", "who decides").default(userInfo().username, "your user name");

/** The option of every verb on a registry. */
export const withRegistryOption = (command: Command): Command =>
  command.option(
    "--registry <directory>",
    "directory of the registry, a server of MLflow as mlflow+http://host:5000, or hf://owner/name on the Hub",
    "registry",
  );

/** Options of what changes a registry. */
export function withSignature(command: Command, withReason = true): Command {
  withRegistryOption(command).addOption(byOption());
  return withReason ? command.option("--reason <text>", "why, for the log") : command;
}
