import picocolors from "picocolors";
import type { GatePlan } from "../../app/gate/gate-items.js";
import { points } from "../../metrics/score-text.js";
import { wrap } from "./columns.js";
import { plainTable } from "./plain-table.js";

/** What a gate could find out, for a terminal; in points of 100. */
export function gatePlanLines(plan: GatePlan, terminal: { color: boolean; width: number }): string[] {
  const paint = picocolors.createColors(terminal.color);
  const { suite, alpha, flips, metrics } = plan;
  const head = ["metric", "items", "margin", "least margin", "passes unchanged", "fall that fails"];
  const rows = metrics.map((metric) => [
    metric.key,
    String(metric.items),
    points(metric.margin),
    points(metric.leastMargin),
    points(metric.passingMargin),
    points(metric.detectableFall),
  ]);
  const caption =
    "points of 100; least margin: what the items can pass at all, without any flip; passes unchanged: the margin that a " +
    `model of equal skill passes with 80%, where ${100 * flips}% of the answers flip; fall that fails: the true fall that ` +
    `fails with 80% by the declared margin; α = ${100 * alpha}%`;
  return [
    paint.bold(`Plan of a gate on ${suite.name} ${suite.version}; nothing was compared.`),
    "",
    ...plainTable(
      head.map((text) => paint.bold(text)),
      rows,
    ),
    "",
    ...wrap(caption, terminal.width).map((line) => paint.dim(line)),
  ];
}
