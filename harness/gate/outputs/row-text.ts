import type { GateResult, GateRow } from "../gate.js";

/** The error at this look, and which look it is. */
export function lookText({ alpha, look }: GateResult): string {
  const share = `α = ${Number((100 * alpha).toPrecision(3))}%`;
  if (look.number === 1 && look.orders >= look.mostOrders) return share;
  return `${share} at look ${look.number}, with ${look.orders} of at most ${look.mostOrders} orders`;
}

/** Why a metric has its verdict, in one sentence: difference, bounds and margin as they are computed. */
export function explainRow(row: GateRow): string {
  const parts: string[] = [];
  if (row.mean !== null) parts.push(`difference ${signed(row.mean)}`);
  if (row.low !== null && row.high !== null) parts.push(`bounds ${signed(row.low)} to ${signed(row.high)}`);
  if (row.worstFall !== undefined) parts.push(`worst fall ${row.worstFall}`);
  parts.push(marginText(row), `${row.orders} order${row.orders === 1 ? "" : "s"}`);
  return [parts.join(", "), ...remarksOn(row)].join("; ");
}

/** The margin that was applied, and whose it is. */
export function marginText({ margin, acknowledged }: GateRow): string {
  if (acknowledged === undefined) return `margin ${margin}`;
  const { margin: accepted, by, reason, until } = acknowledged;
  return `margin ${Math.max(margin, accepted)} instead of ${margin}, acknowledged by ${by} until ${until}: ${reason}`;
}

/** Reason, further orders and warning, where there are any. */
export function remarksOn({ reason, furtherOrders, warning, verdict, orders }: GateRow): string[] {
  const remarks: string[] = [];
  if (reason !== undefined) remarks.push(reason);
  if (furtherOrders !== null) {
    remarks.push(
      `${furtherOrders} further order${furtherOrders === 1 ? "" : "s"} would decide, if mean and spread stay`,
    );
  } else if (verdict === "inconclusive" && orders >= 3 && reason?.startsWith("the interval")) {
    remarks.push("no affordable number of orders would decide: the difference lies on the margin");
  }
  if (warning !== undefined) remarks.push(warning);
  return remarks;
}

/** Four decimals and a sign. */
export const signed = (value: number): string => `${value > 0 ? "+" : ""}${value.toFixed(4)}`;
