import { optionAt, withOption } from "../config/search-space.js";
import { canonicalJson } from "../contract/digest.js";
import { type RandomStream, random } from "../contract/random.js";
import type { SearchDimension, SearchSpace } from "../contract/trainer.js";

/** One configuration that a search tries. */
export interface Candidate {
  /** c00, c01 …; the first is the default configuration. */
  label: string;
  /** Option path → value, for the paths of the space. */
  values: Record<string, unknown>;
  /** All options of the trainer. */
  options: Record<string, unknown>;
  /** Mean over the options of how far each is from its default, as a share of its range: 0 for the default, at most 1. */
  distance: number;
}

/** The label of the default configuration. */
export const defaultLabel = "c00";

/** Draws in a row without a new configuration after which a space counts as exhausted. */
const patience = 200;

/**
 * The default configuration and up to `count` − 1 others, drawn independently and uniformly on each option's scale
 * (random search, Bergstra and Bengio 2012). Fewer where the space has no more. Numbers are drawn to three digits.
 *
 * @param defaults the options that the space varies.
 * @param seed keys the draws: the same seed gives the same candidates, and more of them begin with the fewer.
 */
export function drawCandidates(
  defaults: Record<string, unknown>,
  space: SearchSpace,
  count: number,
  seed: number,
): Candidate[] {
  const paths = Object.keys(space);
  const known = new Map<string, Record<string, unknown>>();
  const add = (values: Record<string, unknown>) => known.set(canonicalJson(values), values);
  add(Object.fromEntries(paths.map((path) => [path, optionAt(defaults, path)])));
  for (let draw = 0, idle = 0; known.size < count && idle < patience; draw++) {
    const before = known.size;
    const stream = (path: string) => random({ seed, stream: "tune", task: path, item: draw });
    add(Object.fromEntries(paths.map((path) => [path, drawFrom(space[path]!, stream(path))])));
    idle = known.size > before ? 0 : idle + 1;
  }
  return [...known.values()].map((values, index) => ({
    label: `c${String(index).padStart(2, "0")}`,
    values,
    options: index === 0 ? defaults : paths.reduce((all, path) => withOption(all, path, values[path]), defaults),
    distance: distanceOf(values, defaults, space),
  }));
}

function drawFrom(dimension: SearchDimension, stream: RandomStream): unknown {
  if ("values" in dimension) return stream.pick(dimension.values);
  const { low, high, scale, integer } = dimension;
  const share = stream.uniform();
  const drawn = scale === "log" ? low * (high / low) ** share : low + (high - low) * share;
  const rounded = integer ? Math.round(drawn) : Number(drawn.toPrecision(3));
  return Math.min(high, Math.max(low, rounded));
}

function distanceOf(values: Record<string, unknown>, defaults: Record<string, unknown>, space: SearchSpace): number {
  const distances = Object.entries(space).map(([path, dimension]) => {
    const byDefault = optionAt(defaults, path);
    if (canonicalJson([values[path]]) === canonicalJson([byDefault])) return 0;
    const distance = Math.abs(placeOf(values[path], dimension) - placeOf(byDefault, dimension));
    return Number.isNaN(distance) ? 1 : Math.min(1, distance);
  });
  return distances.reduce((total, distance) => total + distance, 0) / distances.length;
}

/** The position of a value in its dimension, 0 to 1; NaN for what is not in it. */
function placeOf(value: unknown, dimension: SearchDimension): number {
  if ("values" in dimension) {
    const index = dimension.values.findIndex((known) => canonicalJson([known]) === canonicalJson([value]));
    return index < 0 ? Number.NaN : index / Math.max(1, dimension.values.length - 1);
  }
  if (typeof value !== "number") return Number.NaN;
  const { low, high, scale } = dimension;
  return scale === "log" ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}
