import { existsSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import { resolveReference } from "../../harness/hub.js";
import { baseOf, configName, holdsAdapter } from "./peft.js";
import { holdsWeights } from "./weights.js";

/** The directories that a model is made of. */
export interface ModelLocation {
  base: string;
  adapter?: string;
}

/** A base, or `base::adapter`. */
export const locationOf = ({ base, adapter }: ModelLocation): string =>
  adapter === undefined ? base : `${base}::${adapter}`;

/** Whether a location is an adapter: alone, or behind its base as `base::adapter`. */
export function isAdapted(location: string): boolean {
  return location.includes("::") || (holdsAdapter(location) && !holdsWeights(location));
}

/**
 * Finds base and adapter of a location. An adapter alone names its base as PEFT does, by a path or a Hub id.
 *
 * @throws MODEL_INVALID for an adapter that names no base; as `resolveReference` for a base that is not there.
 */
export async function locateModel(location: string): Promise<ModelLocation> {
  if (!isAdapted(location)) return { base: location };
  const [before, after] = location.split("::") as [string, string?];
  if (after !== undefined) {
    if (holdsAdapter(before) && !holdsWeights(before)) throw adapterAsBase(before, after);
    return { base: before, adapter: after };
  }
  const file = join(location, configName);
  const { name: named } = baseOf(location);
  if (named === null) {
    throw new BenchError("MODEL_INVALID", "The adapter does not say which model it belongs to.", {
      at: { file },
      fix: "Write <base>::<adapter> as the model, or give `bench evaluate` the base with --base.",
    });
  }
  const { directory } = await resolveReference(existsSync(named) ? named : `hf://${named}`, "model");
  return { base: directory, adapter: location };
}

function adapterAsBase(base: string, adapter: string): BenchError {
  const named = holdsAdapter(adapter) ? baseOf(adapter).name : null;
  return new BenchError("MODEL_INVALID", `The base of an adapter is a whole model; ${base} is an adapter itself.`, {
    at: { file: adapter },
    fix:
      named === null
        ? "Merge the adapter below into its base with PEFT, and give the result as the base."
        : `Give the model that it was saved for: ${named}.`,
  });
}
