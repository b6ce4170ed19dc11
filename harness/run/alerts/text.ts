import type { Alert } from "../../contract/alert.js";

const measures: Record<string, string> = {
  seconds: "time",
  trainedTokens: "trained tokens",
  generatedTokens: "generated tokens",
  flops: "FLOPs",
};

/**
 * An alert as a clause: what changed, from what to what, and what was allowed.
 *
 * @param against the name of the model that it is compared with; an earlier state of the same one without it.
 */
export function alertText({ kind, subject, before, now, change, threshold, items }: Alert, against?: string): string {
  const percent = (share: number) => `${Math.round(1000 * Math.abs(share)) / 10}%`;
  if (kind === "cost") {
    const number = (value: number) => Number(value.toPrecision(3)).toLocaleString("en");
    return `${measures[subject]}: ${number(now)} used where the budget allows ${number(before)} so far (+${percent(change)}, allowed +${percent(threshold)})`;
  }
  const earlier = kind === "task" ? "since it was learned" : "since before training";
  const since = against === undefined ? earlier : `against ${against}`;
  const allowed = threshold === 0 ? "no fall allowed" : `allowed ${percent(threshold)}`;
  const points = (score: number) => (100 * score).toFixed(1);
  return `${subject} fell ${points(before)} → ${points(now)} ${since} (−${percent(change)}, ${allowed}${items === null ? "" : `; ${items} items`})`;
}
