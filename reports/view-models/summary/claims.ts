import { contrastText } from "../../../harness/claims/contrast-text.js";
import type { ClaimsRecord } from "../../../harness/claims/record.js";
import { missing, plural, points, signedPoints } from "../shared/format.js";

/** The claims that a run tests, with their verdicts. */
export interface ClaimsView {
  /** When they were registered, in words. */
  registered: string;
  rows: ClaimView[];
}

export interface ClaimView {
  statement: string;
  source: string;
  verdict: string;
  /** CSS class of the verdict. */
  tone: "supported" | "contradicted" | "";
  runs: string;
  p: string;
  /** Why there is no verdict, where the hypotheses do not say it. */
  reason?: string;
  /** Each has its own verdict where there are several. */
  hypotheses: { text: string; verdict?: string; estimate: string; bounds: string; margin: string; reason?: string }[];
}

/** Undefined where the run tested no claims. */
export function claimsView(record: ClaimsRecord | undefined): ClaimsView | undefined {
  if (record === undefined) return undefined;
  const { registration } = record;
  return {
    registered:
      registration === null || !registration.beforeTheRun
        ? "These claims were chosen after the run had started: the results are exploratory."
        : `Registered before the run, on ${registration.createdAt.slice(0, 10)}, digest ${registration.digest.slice(0, 12)}.`,
    rows: record.claims.map(({ statement, source, verdict, runs, adjustedP, reason, hypotheses }) => ({
      ...{ statement, source, verdict, runs: plural(runs, "run") },
      tone: verdict === "supported" || verdict === "contradicted" ? verdict : "",
      p: adjustedP === null ? missing : adjustedP < 0.001 ? "< 0.001" : adjustedP.toFixed(3),
      ...(reason === undefined ? {} : { reason }),
      hypotheses: hypotheses.map((result) => ({
        text: `${result.metric}: ${contrastText(result.contrast)}`,
        ...(hypotheses.length > 1 ? { verdict: result.verdict } : {}),
        estimate: signedPoints(result.mean),
        bounds: result.low === null ? missing : `${signedPoints(result.low)} … ${signedPoints(result.high)}`,
        margin: points(-result.margin),
        ...(result.reason === undefined ? {} : { reason: result.reason }),
      })),
    })),
  };
}
