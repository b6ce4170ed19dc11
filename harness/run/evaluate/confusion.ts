import type { ConfusionRecord } from "../../contract/result.js";

/**
 * The confusion matrix of a classification task, with macro precision and recall: unweighted means over the true
 * classes, where a class that was never answered has precision 0 (scikit-learn's `zero_division=0`).
 *
 * @param truths each item's class; undefined when it has none, and then this is no classification task.
 * @param answers each answer's class; undefined or a class that no item has counts in the last column.
 */
export function confusionOf(
  truths: readonly (string | undefined)[],
  answers: readonly (string | undefined)[],
): ConfusionRecord | undefined {
  if (truths.some((label) => label === undefined)) return undefined;
  const labels = [...new Set(truths as string[])].sort();
  const counts = labels.map(() => new Array<number>(labels.length + 1).fill(0));
  truths.forEach((truth, item) => {
    const answer = answers[item] === undefined ? -1 : labels.indexOf(answers[item]);
    counts[labels.indexOf(truth!)]![answer < 0 ? labels.length : answer]! += 1;
  });
  const ratio = (hits: number, of: number) => (of === 0 ? 0 : hits / of);
  const precision = labels.map((_, k) => ratio(counts[k]![k]!, total(counts.map((row) => row[k]!))));
  const recall = labels.map((_, k) => ratio(counts[k]![k]!, total(counts[k]!)));
  const mean = (values: number[]) => (values.length === 0 ? null : total(values) / values.length);
  return { labels, counts, macroPrecision: mean(precision), macroRecall: mean(recall) };
}

const total = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);
