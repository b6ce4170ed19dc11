import { checkOptions } from "../config/index.js";
import { canonicalJson } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import type { Arm } from "../contract/results/claim.js";
import type { TrainerDefinition } from "../contract/trainer.js";
import type { Registry } from "../plugins.js";

/** An arm with all options of its trainer, or why it cannot run. */
export type ResolvedArm = { trainer: string; version: number; options: Record<string, unknown> } | { missing: string };

/** Fills in the options of arms. */
export function resolveArms(
  arms: Readonly<Record<string, Arm>>,
  registry: Pick<Registry, "allTrainers">,
): Record<string, ResolvedArm> {
  const known = new Map(registry.allTrainers().map((trainer) => [trainer.name, trainer]));
  return Object.fromEntries(Object.entries(arms).map(([name, arm]) => [name, resolveArm(arm, known.get(arm.trainer))]));
}

function resolveArm(
  { trainer, options = {}, scaled = {} }: Arm,
  definition: TrainerDefinition | undefined,
): ResolvedArm {
  if (definition === undefined) return { missing: `no trainer ${trainer}` };
  const where = `trainer "${trainer}"`;
  try {
    const defaults = checkOptions(definition.options, {}, where);
    const changed = Object.entries(scaled).map(([option, factor]) => {
      const value = defaults[option];
      if (typeof value !== "number") {
        throw new BenchError("CONFIG_INVALID", `${where} has no option "${option}" with a number as its default`, {
          fix: "Scale an option whose default is a number.",
        });
      }
      return [option, value * factor] as const;
    });
    const all = { ...options, ...Object.fromEntries(changed) };
    return { trainer, version: definition.version, options: checkOptions(definition.options, all, where) };
  } catch (error) {
    if (error instanceof BenchError) return { missing: error.message }; // a trainer of that name that is not the one meant
    throw error;
  }
}

/** Whether a trainer of a run is an arm. */
export const isArm = (trainer: { name: string; options: Record<string, unknown> }, arm: ResolvedArm): boolean =>
  !("missing" in arm) && trainer.name === arm.trainer && canonicalJson(trainer.options) === canonicalJson(arm.options);
