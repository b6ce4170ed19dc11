import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import type { RunPlan } from "../run/plan/plan.js";
import type { Baseline } from "./baseline.js";
import { type Entry, extensionsOf } from "./entry.js";
import type { GateResult } from "./gate.js";

/** How many task orders a run was or shall be extended to; a run is extended once, so that a gate looks twice at most. */
export interface Extension {
  from: number;
  to: number;
}

/** The extension that a run has, finished or not. */
export function extensionOf(entry: Entry): Extension | undefined {
  const place = extensionsOf(entry.directory);
  const [name] = existsSync(place) ? readdirSync(place).sort() : [];
  const [, from, to] = /^orders-(\d+)-(\d+)$/.exec(name ?? "") ?? [];
  return from === undefined ? undefined : { from: Number(from) - 1, to: Number(to) };
}

/**
 * What would decide an inconclusive gate: as many orders as its slowest metric asks for, at most `cap`, at most as many
 * as the baseline has.
 *
 * @returns undefined where nothing is left to run, with the reason.
 */
export function planExtension(
  result: GateResult,
  baseline: Baseline,
  entry: Entry,
  cap: number,
): { extension: Extension } | { reason: string } {
  const from = entry.run.orders.length;
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
 * Cuts the plan of a run with more orders down to the orders and the trainer that an extension lacks, in a directory
 * of its own below the run.
 *
 * @param plan of the run's configuration with `extension.to` orders.
 * @throws RUN_MISMATCH where the plan's first orders are not the cells that the run has.
 */
export function restrictPlan(plan: RunPlan, entry: Entry, { from, to }: Extension): RunPlan {
  const label = entry.trainer.label;
  const planned = new Set(plan.record.cells.map(({ id }) => id));
  const known = entry.run.cells.filter(({ trainer }) => trainer === label);
  if (!known.every(({ id }) => planned.has(id))) {
    throw new BenchError("RUN_MISMATCH", `suite, model or trainer "${label}" have changed since ${entry.directory}`, {
      fix: "Run the candidate again; further orders of something else cannot stand beside its own.",
    });
  }
  const orders = plan.record.orders.slice(from);
  const names = new Set(orders.map(({ name }) => name));
  const isFurther = (cell: { trainer: string; order: string }) => cell.trainer === label && names.has(cell.order);
  const record = {
    ...plan.record,
    orders,
    trainers: plan.record.trainers.filter((trainer) => trainer.label === label),
    cells: plan.record.cells.filter(isFurther),
    configDigest: digestOf({ extensionOf: entry.run.configDigest, trainer: label, from, to }),
  };
  const directory = join(extensionsOf(entry.directory), `orders-${from + 1}-${to}`);
  const cells = plan.cells.filter(({ record: cell }) => isFurther(cell));
  return { ...plan, directory, record, cells };
}
