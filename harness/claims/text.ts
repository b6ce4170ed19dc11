import type { Hypothesis } from "../contract/results/claim.js";
import { points } from "../metrics/score-text.js";
import type { ClaimsRecord } from "./record.js";

/** A contrast in a line, such as `bwt: replay − 0.5 sequential`. */
export function contrastText({ metric, contrast }: Pick<Hypothesis, "metric" | "contrast">): string {
  const terms = Object.entries(contrast).map(([arm, weight], index) => {
    const sign = weight < 0 ? "− " : index === 0 ? "" : "+ ";
    return `${sign}${Math.abs(weight) === 1 ? "" : `${Math.abs(weight)} `}${arm}`;
  });
  return `${metric}: ${terms.join(" ")}`;
}

/** Such as `above −2.0`, in points of 100. */
export const thresholdText = ({ direction, threshold }: Pick<Hypothesis, "direction" | "threshold">): string =>
  `${direction} ${points(threshold)}`;

/** How the verdicts of a record came about, for people. */
export function ruleText({ rule, registration, claims }: ClaimsRecord): string {
  const alphas = [...new Set(claims.map(({ alpha }) => alpha))].sort().join(", ");
  if (rule === "bounds") {
    return `Verdicts by one-sided bounds over task orders, α = ${alphas} each, not adjusted for the number of claims: supported where the contrast's lower bound is beyond the threshold, contradicted where the upper one is short of it.`;
  }
  const looks = registration?.limits.looks ?? 1;
  const shared = looks === 1 ? "" : `, shared among ${looks} looks`;
  return `One-sided paired t-tests over task orders; p for and against each claim is adjusted by Holm over the claims, and the direction in which it is at most α = ${alphas}${shared} is the verdict. Bounds hold for all claims together.`;
}

/** Whether the claims were chosen before the data, and within which limits. */
export function registrationText({ registration, looks }: ClaimsRecord): string {
  if (registration === null) return "Chosen after the run had begun: this is exploration.";
  const { digest, createdAt, beforeTheRun, limits } = registration;
  const stamp = `${createdAt.slice(0, 10)}, digest ${digest.slice(0, 12)}`;
  if (!beforeTheRun) return `Registered after the run had begun (${stamp}): this is exploration.`;
  const look = limits.looks === 1 ? "one look" : `${limits.looks} looks, of which ${looks.length} used`;
  return `Registered before the run, ${stamp}, for at most ${limits.orders} task orders and ${look}.`;
}

/** Names the cells that an earlier registration had finished; none where there are none. */
export function seenTexts({ registration }: ClaimsRecord): string[] {
  return (registration?.seen ?? []).map(
    ({ registration: digest, directory, cells }) =>
      `${cells.length} ${cells.length === 1 ? "cell was" : "cells were"} finished under the earlier registration ${digest.slice(0, 12)} (${directory}), whose verdicts may have led to this one: ${cells.join(", ")}.`,
  );
}
