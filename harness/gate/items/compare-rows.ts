import { holm } from "../../metrics/statistics/statistics.js";
import type { ComparisonRow } from "../comparison-row.js";
import type { Entry } from "../entry.js";
import { answersOf } from "./answers.js";
import { compareItems } from "./compare-items.js";
import { answeredSuite, learningMetrics } from "./item-gate.js";
import { itemMeasureOf, itemMeasures } from "./item-measures.js";

/** Two-sided 95%. */
const tail = 0.025;

/**
 * One row for each metric, task and probe of two evaluated models, by the items that both answered; p is adjusted over
 * all of them.
 *
 * @param keys of the metrics; all without it. Throws USAGE for a metric of learning, BASELINE_MISMATCH for other items.
 */
export function compareEvaluated(
  baseline: Entry,
  candidate: Entry,
  keys: readonly string[] | undefined,
): { metrics: ComparisonRow[]; tasks: ComparisonRow[] } {
  const suite = answeredSuite(candidate);
  const asked = keys?.map((key) => itemMeasureOf(key, suite, learningMetrics));
  const [before, now] = [answersOf(baseline), answersOf(candidate)];
  const isSet = ({ key }: { key: string }) => key.includes(":");
  const measures = itemMeasures(suite).filter((measure) => {
    if (!Object.keys(measure.weights).every((set) => before[set] ?? now[set])) return false;
    return isSet(measure) || asked === undefined || asked.some(({ key }) => key === measure.key);
  });
  const compared = measures.map((measure) => ({ measure, ...compareItems(measure, before, now, tail) }));
  const adjusted = holm(compared.map(({ p }) => p));
  const rows = compared.map(({ measure, difference, low, high, items, gained, lost }, index): ComparisonRow => {
    const separated = adjusted[index]! <= 0.05;
    return {
      ...{ key: measure.key, title: measure.title, difference, interval: { low, high } },
      adjustedP: adjusted[index]!,
      verdict: gained + lost === 0 ? "same" : separated ? (difference > 0 ? "better" : "worse") : "not separated",
      ...{ orders: 0, items: { count: items, gained, lost } },
    };
  });
  return { metrics: rows.filter((row) => !isSet(row)), tasks: rows.filter(isSet) };
}
