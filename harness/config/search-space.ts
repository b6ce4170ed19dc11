import { BenchError, type ErrorCode, type ErrorLocation } from "../contract/errors.js";
import type { SearchDimension, SearchSpace } from "../contract/trainer.js";
import { checkOptions } from "./options.js";
import { suggestName } from "./suggest-name.js";

type Locate = (path: (string | number)[], atKey: boolean) => ErrorLocation;

/**
 * Checks that a space names options that a trainer has, and that every value and both ends of a range are allowed.
 *
 * @param schema of the trainer's options.
 * @param where whose space this is; prefixes the message.
 * @param code of the errors: of whoever wrote the space.
 * @throws with that code and a suggestion, and the place where `locate` finds it.
 */
export function checkSpace(
  space: SearchSpace,
  schema: Record<string, unknown>,
  where: string,
  code: ErrorCode = "CONFIG_INVALID",
  locate?: Locate,
): void {
  for (const [path, dimension] of Object.entries(space)) {
    const complain = (message: string, fix: string | undefined): never => {
      throw new BenchError(code, `${where}: ${message}`, { fix, at: locate?.([path], true) });
    };
    const option = schemaAt(schema, path, complain);
    checkRange(path, dimension, complain);
    for (const value of "values" in dimension ? dimension.values : [dimension.low, dimension.high]) {
      try {
        checkOptions({ properties: { [path]: option } }, { [path]: value }, "its space");
      } catch (error) {
        const { message, fix } = error as BenchError;
        complain(message, fix);
      }
    }
  }
}

type Complain = (message: string, fix: string | undefined) => never;

function schemaAt(schema: Record<string, unknown>, path: string, complain: Complain): Record<string, unknown> {
  let at = schema;
  const parts = path.split(".");
  for (const [depth, part] of parts.entries()) {
    const known = (at.properties ?? {}) as Record<string, Record<string, unknown>>;
    if (!Object.hasOwn(known, part)) {
      const outer = parts.slice(0, depth);
      const paths = Object.keys(known).map((name) => [...outer, name].join("."));
      complain(`its space names the unknown option "${path}"`, suggestName(path, paths));
    }
    at = known[part]!;
  }
  return at;
}

function checkRange(path: string, dimension: SearchDimension, complain: Complain): void {
  if ("values" in dimension) return;
  const { low, high, scale, integer } = dimension;
  if (low >= high) complain(`the range of "${path}" is empty`, "Give a `low` below `high`.");
  if (scale === "log" && low <= 0) {
    complain(`the range of "${path}" has no logarithm`, "Give a `low` above 0, or the scale linear.");
  }
  if (integer && !(Number.isInteger(low) && Number.isInteger(high))) {
    complain(`the ends of "${path}" are no whole numbers`, "Give whole numbers, or leave `integer` out.");
  }
}

/** The value of an option by its dotted path; undefined where it is not there. */
export function optionAt(options: Record<string, unknown>, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((at, part) => (at as Record<string, unknown> | null | undefined)?.[part], options);
}

/** A copy of options in which one, by its dotted path, has another value; what is missing around it is made. */
export function withOption(options: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const copy = structuredClone(options);
  const parts = path.split(".");
  const last = parts.pop()!;
  let at = copy;
  for (const part of parts) {
    at[part] ??= {};
    at = at[part] as Record<string, unknown>;
  }
  at[last] = value;
  return copy;
}
