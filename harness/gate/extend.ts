import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import type { RunPlan } from "../run/plan/plan.js";
import type { Baseline } from "./baseline.js";
import { type Entry, extensionsOf } from "./entry.js";
import type { GateResult } from "./gate.js";

/** Further orders of a run: those after the first `from`, up to `to`. */
export interface Extension {
  from: number;
  to: number;
}

/** How many task orders an entry has, finished or not, its extensions included. */
export const ordersOf = ({ cells, missing }: Entry): number =>
  new Set([...cells, ...missing].map(({ order }) => order)).size;

/** All extensions of a run, finished or not, in the order of their task orders. */
export function extensionsIn(directory: string): Extension[] {
  const place = extensionsOf(directory);
  const names = existsSync(place) ? readdirSync(place) : [];
  return names
    .flatMap((name) => {
      const [, first, to] = /^orders-([1-9]\d{0,5})-([1-9]\d{0,5})$/.exec(name) ?? [];
      return first === undefined ? [] : [{ from: Number(first) - 1, to: Number(to) }];
    })
    .sort((a, b) => a.from - b.from);
}

/**
 * What would decide an inconclusive gate: an extension that was begun, else as many orders as its slowest metric asks
 * for, at most `cap`, at most as many as the baseline has.
 *
 * @returns the reason where nothing is left to run.
 */
export function planExtension(
  result: GateResult,
  baseline: Baseline,
  entry: Entry,
  cap: number,
): { extension: Extension } | { reason: string } {
  const { missing, run } = entry;
  const base = new Set(run.cells.map(({ id }) => id));
  if (missing.some(({ id }) => base.has(id))) return { reason: `not extended: finish the run first: ${run.command}` };
  const begun = extensionsIn(entry.directory).at(-1);
  if (missing.length > 0 && begun !== undefined) return { extension: begun };
  const from = ordersOf(entry);
  const blessed = new Set(baseline.cells.map(({ order }) => order)).size;
  const most = Math.min(cap, blessed);
  if (most <= from) {
    return cap <= from
      ? { reason: `not extended: the run has ${from} orders, the cap is ${cap}` }
      : { reason: `not extended: the baseline has only ${blessed} orders; bless a run with more of them` };
  }
  const undecided = result.metrics.filter(({ verdict }) => verdict === "inconclusive");
  const further = Math.max(...undecided.map(({ furtherOrders }) => furtherOrders ?? most));
  return { extension: { from, to: Math.min(most, from + further) } };
}

/**
 * Cuts the plan of a run with more orders down to the orders that an extension adds and to some of its trainers, in a
 * directory of its own below the run.
 *
 * @param plan of the run's configuration with `extension.to` orders.
 * @param entries of one run: the trainers that the extension is of.
 * @throws RUN_MISMATCH where the plan's first orders are not the cells that the run has.
 */
export function restrictPlan(plan: RunPlan, entries: readonly Entry[], { from, to }: Extension): RunPlan {
  const { run, directory: base } = entries[0]!;
  const labels = entries.map(({ trainer }) => trainer.label);
  const isOurs = ({ trainer }: { trainer: string }) => labels.includes(trainer);
  const planned = new Set(plan.record.cells.map(({ id }) => id));
  if (!run.cells.filter(isOurs).every(({ id }) => planned.has(id))) {
    const whose = `trainer${labels.length === 1 ? "" : "s"} ${labels.map((label) => `"${label}"`).join(", ")}`;
    throw new BenchError("RUN_MISMATCH", `suite, model or ${whose} have changed since ${base}`, {
      fix: "Run it again from the start; further orders of something else cannot be compared with its own.",
    });
  }
  const orders = plan.record.orders.slice(from);
  const names = new Set(orders.map(({ name }) => name));
  const isFurther = (cell: { trainer: string; order: string }) => isOurs(cell) && names.has(cell.order);
  const trainer = labels.length === 1 ? labels[0] : labels;
  const record = {
    ...plan.record,
    orders,
    trainers: plan.record.trainers.filter(({ label }) => labels.includes(label)),
    cells: plan.record.cells.filter(isFurther),
    configDigest: digestOf({ extensionOf: run.configDigest, trainer, from, to }),
  };
  const directory = join(extensionsOf(base), `orders-${from + 1}-${to}`);
  const cells = plan.cells.filter(({ record: cell }) => isFurther(cell));
  return { ...plan, directory, record, cells };
}
