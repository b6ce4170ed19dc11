import { BenchError } from "../contract/errors.js";
import type { Metric } from "../contract/metric.js";
import { type Comparison, compareEntries } from "./compare.js";
import { chooseEntry, type Entry, parseSide, readEntries } from "./entry.js";
import { isEvaluated } from "./items/answers.js";
import { measureOf, noSuite } from "./measures.js";

/**
 * Compares what two texts name: a run directory, or `<run>:<trainer>`. Two runs without trainers are compared for
 * every label that both have; where they share none, each must hold a single trainer.
 *
 * @param keys of metrics; the usual ones without it.
 * @param metrics the built-in ones without it.
 * @throws STORAGE, UNKNOWN_NAME, USAGE, RUN_MISMATCH.
 */
export function compareSides(
  baseline: string,
  candidate: string,
  keys?: readonly string[],
  metrics?: readonly Metric[],
): Comparison[] {
  const [before, now] = [baseline, candidate].map((text) => {
    const { directory, trainer } = parseSide(text);
    return { entries: readEntries(directory), trainer };
  });
  return pairs(before!, now!).map(([left, right]) => {
    if (left.directory === right.directory && left.trainer.label === right.trainer.label) {
      throw new BenchError("USAGE", `"${left.trainer.label}" of ${baseline} would be compared with itself`, {
        fix: "Give two runs, or two trainers of one run as <run>:<trainer>.",
      });
    }
    const evaluated = isEvaluated(left.trainer) && isEvaluated(right.trainer);
    if (!evaluated) for (const key of keys ?? []) measureOf(key, noSuite, undefined, metrics);
    const run = left.directory === right.directory ? before!.entries : [left, right];
    return compareEntries(left, right, keys, metrics, run);
  });
}

interface Side {
  entries: Entry[];
  trainer?: string;
}

function pairs(before: Side, now: Side): [Entry, Entry][] {
  if (before.trainer === undefined && now.trainer === undefined) {
    const shared = now.entries.flatMap((entry): [Entry, Entry][] => {
      const partner = before.entries.find(({ trainer }) => trainer.label === entry.trainer.label);
      return partner === undefined ? [] : [[partner, entry]];
    });
    if (shared.length > 0) return shared;
  }
  const other = (side: Side, partner: Side) =>
    side.trainer ??
    (side.entries.some(({ trainer }) => trainer.label === partner.trainer) ? partner.trainer : undefined);
  return [[chooseEntry(before.entries, other(before, now)), chooseEntry(now.entries, other(now, before))]];
}
