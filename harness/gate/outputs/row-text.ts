import { head, plural } from "../../contract/printable.js";
import { modelNames } from "../../metrics/model-names.js";
import { boundsText, points, signedPoints } from "../../metrics/score-text.js";
import type { GateResult, GateRow } from "../gate.js";
import type { ItemFlip } from "../items/pair-items.js";

/** The error at this look, and which look it is. */
export function lookText({ alpha, look }: GateResult): string {
  const share = `α = ${Number((100 * alpha).toPrecision(3))}%`;
  if (look === undefined || (look.number === 1 && look.orders >= look.mostOrders)) return share;
  return `${share} at look ${look.number}, with ${look.orders} of at most ${look.mostOrders} orders`;
}

/** What was judged: a trainer, or the name of a model that was evaluated as it is. */
export const candidateText = ({ candidate: { model, trainer } }: GateResult): string =>
  model === undefined ? trainer : modelNames([model])[0]!;

/** What the table is in and how it was made, in one sentence. */
export function captionOf(result: GateResult): string {
  const units =
    result.pairedBy === "item" ? "items that both answered" : `orders as clusters, paired by ${result.pairedBy}`;
  return `points of 100, positive is better for the candidate; one-sided bounds, ${lookText(result)}; ${units}`;
}

/** What the judgment counts: task orders, or items with those whose score rose and fell. */
export const countText = ({ items, orders }: GateRow): string =>
  items === undefined ? String(orders) : `${items.count} (+${items.gained} −${items.lost})`;

/** Why a metric has its verdict, in one sentence: difference, bounds and margin, in points of 100. */
export function explainRow(row: GateRow): string {
  const { mean, low, items, worstFall, orders } = row;
  const parts: string[] = [];
  if (mean !== null) parts.push(`difference ${signedPoints(mean)} points`);
  if (low !== null) parts.push(`bounds ${boundsText(row)}`);
  parts.push(marginText(row));
  if (worstFall !== undefined) parts.push(`worst fall ${points(worstFall)}`);
  parts.push(items === undefined ? plural(orders, "order") : `${countText(row)} items`);
  return [parts.join(", "), ...remarksOn(row)].join("; ");
}

/** The margin that was applied, in points, and whose it is. */
export function marginText({ margin, acknowledged }: GateRow): string {
  if (acknowledged === undefined) return `margin ${points(margin)}`;
  const { margin: accepted, by, reason, until } = acknowledged;
  const applied = points(Math.max(margin, accepted));
  return `margin ${applied} instead of ${points(margin)}, acknowledged by ${by} until ${until}: ${reason}`;
}

/** Test, reason, further orders and warning, where there are any. */
export function remarksOn({ reason, furtherOrders, warning, verdict, orders, items }: GateRow): string[] {
  const remarks: string[] = [];
  if (items !== undefined)
    remarks.push(`${items.test}: p = ${items.p < 0.001 ? "<0.001" : items.p.toFixed(3)}`.replace("= <", "< "));
  if (reason !== undefined) remarks.push(reason);
  if (furtherOrders !== null) {
    remarks.push(`${plural(furtherOrders, "further order")} would decide, if mean and spread stay`);
  } else if (verdict === "inconclusive" && orders >= 3 && reason?.startsWith("the interval")) {
    remarks.push("no affordable number of orders would decide: the difference lies on the margin");
  }
  if (warning !== undefined) remarks.push(warning);
  return remarks;
}

/** One answer that became right or wrong: where, and what it was. */
export const flipText = ({ set, id, baseline, candidate }: ItemFlip): string =>
  `${set} ${id}: ${quoted(baseline.output)} → ${quoted(candidate.output)}`;

const longest = 60;

function quoted(output: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control and direction characters are what is removed
  const text = output.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+|\s+/g, " ").trim();
  return JSON.stringify(text.length > longest ? `${head(text, longest)}…` : text);
}
