import { compileOptions } from "../config/options.js";
import { checkSpace } from "../config/search-space.js";
import { BenchError } from "../contract/errors.js";
import type { Confinement } from "../contract/isolation.js";
import type { Privileges, TrainerDefinition } from "../contract/trainer.js";
import type { PluginProgram } from "./isolation/launch.js";
import { hostPath, PluginProcess } from "./plugin-process.js";
import { createProcessLearner } from "./process-learner.js";
import { type DeclaredPrivileges, protocolVersion, type TrainerDescription } from "./protocol.js";

/** What serves the trainers of modules, and those that one makes of the others' methods. */
export function hostProgram(modules: readonly string[]): PluginProgram {
  return { words: [process.execPath, hostPath, ...modules], modules };
}

/** The same trainer with its learners in child processes. */
export function processTrainer(
  trainer: TrainerDefinition,
  program: PluginProgram,
  confinement: Confinement,
): TrainerDefinition {
  return { ...trainer, create: (context) => createProcessLearner(trainer.name, program, context, confinement) };
}

/**
 * Starts a program, asks what trainers it offers and stops it.
 *
 * @param confinement of their learners.
 * @throws PLUGIN_INVALID when it cannot be started, hangs, exits or sends invalid output.
 */
export async function describeProgram(program: PluginProgram, confinement: Confinement): Promise<TrainerDefinition[]> {
  const { trainers } = await askOnce<{ trainers: TrainerDescription[] }>(program, "describe", {
    protocol: protocolVersion,
  });
  return trainers.map((description) => definitionOf(description, program, confinement));
}

/** Loads a module in a process of its own. Throws PLUGIN_INVALID when it throws, hangs or exits there. */
export async function tryModule(file: string): Promise<void> {
  await askOnce(hostProgram([file]), "load", null, file);
}

/**
 * Starts a program for one question.
 *
 * @param file where the fault is when there is one; the command itself by default.
 * @throws PLUGIN_INVALID.
 */
async function askOnce<T>(
  program: PluginProgram,
  method: "describe" | "load",
  parameters: unknown,
  file?: string,
): Promise<T> {
  const plugin = new PluginProcess(program, { whose: "the plug-in" });
  try {
    return await plugin.ask<T>(method, parameters);
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

function definitionOf(
  description: TrainerDescription,
  program: PluginProgram,
  confinement: Confinement,
): TrainerDefinition {
  const { needs, ...rest } = description;
  const where = `trainer "${description.name}" of ${program.words.join(" ")}`;
  compileOptions(description.options, where);
  if (rest.space !== undefined) checkSpace(rest.space, description.options, where, "PLUGIN_INVALID");
  return processTrainer(
    {
      ...rest,
      needs: (options) => privilegesOf(needs, options),
      create: () => Promise.reject(new BenchError("INTERNAL", "a described trainer is created by its process")),
    },
    program,
    confinement,
  );
}

function privilegesOf(declared: DeclaredPrivileges, options: Record<string, unknown>): Privileges {
  const amount = (value: number | string): number => {
    const resolved = typeof value !== "string" ? value : Object.hasOwn(options, value) ? options[value] : undefined;
    if (typeof resolved === "number" && Number.isInteger(resolved) && resolved >= 0) return resolved;
    throw new BenchError("PLUGIN_INVALID", `a privilege refers to the option "${value}", which is no whole number`, {
      fix: `Declare "${value}" as an integer option with a default, or give a number.`,
    });
  };
  const { pastData } = declared;
  const resolved = (): Privileges["pastData"] => {
    if (typeof pastData === "string") return pastData;
    if ("buffer" in pastData) {
      const { buffer, payloadBytes } = pastData;
      return { buffer: amount(buffer), ...(payloadBytes !== undefined && { payloadBytes: amount(payloadBytes) }) };
    }
    return { synthetic: { demonstrations: amount(pastData.synthetic.demonstrations) } };
  };
  return {
    ...declared,
    pastData: resolved(),
    generalItems: amount(declared.generalItems),
  };
}
