import { compileOptions } from "../config/options.js";
import { checkSpace } from "../config/search-space.js";
import { BenchError } from "../contract/errors.js";
import type { Privileges, TrainerDefinition } from "../contract/trainer.js";
import { hostPath, PluginProcess } from "./plugin-process.js";
import { createProcessLearner } from "./process-learner.js";
import { type DeclaredPrivileges, protocolVersion, type TrainerDescription } from "./protocol.js";

/** The command line that serves the trainers of modules, and those that one makes of the others' methods. */
export function hostCommand(modules: readonly string[]): string[] {
  return [process.execPath, hostPath, ...modules];
}

/** The same trainer with its learners in a child process that `command` starts. */
export function processTrainer(trainer: TrainerDefinition, command: readonly string[]): TrainerDefinition {
  return { ...trainer, create: (context) => createProcessLearner(trainer.name, command, context) };
}

/**
 * Starts a command, asks what trainers it offers and stops it.
 *
 * @param file where the fault is when there is one; the command itself by default.
 * @throws PLUGIN_INVALID when it cannot be started, hangs, exits or answers garbage.
 */
export async function describeCommand(command: readonly string[], file?: string): Promise<TrainerDefinition[]> {
  const plugin = new PluginProcess(command, "the plug-in");
  try {
    const { trainers } = await plugin.ask<{ trainers: TrainerDescription[] }>("describe", {
      protocol: protocolVersion,
    });
    return trainers.map((description) => definitionOf(description, command));
  } catch (error) {
    const { message, fix } = error as BenchError;
    throw new BenchError("PLUGIN_INVALID", message, {
      fix,
      at: file === undefined ? undefined : { file },
      cause: error,
    });
  } finally {
    await plugin.stop();
  }
}

function definitionOf(description: TrainerDescription, command: readonly string[]): TrainerDefinition {
  const { needs, ...rest } = description;
  const where = `trainer "${description.name}" of ${command.join(" ")}`;
  compileOptions(description.options, where);
  if (rest.space !== undefined) checkSpace(rest.space, description.options, where, "PLUGIN_INVALID");
  return processTrainer(
    {
      ...rest,
      needs: (options) => privilegesOf(needs, options),
      create: () => Promise.reject(new BenchError("INTERNAL", "a described trainer is created by its process")),
    },
    command,
  );
}

function privilegesOf(declared: DeclaredPrivileges, options: Record<string, unknown>): Privileges {
  const amount = (value: number | string): number => {
    const resolved = typeof value === "string" ? options[value] : value;
    if (typeof resolved === "number" && Number.isInteger(resolved) && resolved >= 0) return resolved;
    throw new BenchError("PLUGIN_INVALID", `a privilege refers to the option "${value}", which is no whole number`, {
      fix: `Declare "${value}" as an integer option with a default, or give a number.`,
    });
  };
  const { pastData } = declared;
  const resolved = (): Privileges["pastData"] => {
    if (typeof pastData === "string") return pastData;
    if ("buffer" in pastData) return { buffer: amount(pastData.buffer) };
    return { synthetic: { demonstrations: amount(pastData.synthetic.demonstrations) } };
  };
  return {
    ...declared,
    pastData: resolved(),
    generalItems: amount(declared.generalItems),
  };
}
