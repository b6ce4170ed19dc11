import type { ClaimsRecord } from "../../../harness/claims/record.js";
import { contrastText, registrationText, ruleText, seenTexts, thresholdText } from "../../../harness/claims/text.js";
import { plural } from "../../../harness/contract/printable.js";
import { boundsText, pText } from "../../../harness/metrics/score-text.js";
import { signedPoints } from "../shared/format.js";

/** The claims that a run tests, with their verdicts. */
export interface ClaimsView {
  /** How the verdicts came about. */
  rule: string;
  /** When they were registered, in words, and which cells were seen before. */
  registered: string[];
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
  pAgainst: string;
  /** Why there is no verdict; absent where the hypotheses tell. */
  reason?: string;
  hypotheses: { text: string; estimate: string; bounds: string; claimed: string; reason?: string }[];
}

/** Undefined where the run tested no claims. */
export function claimsView(record: ClaimsRecord | undefined): ClaimsView | undefined {
  if (record === undefined) return undefined;
  return {
    rule: ruleText(record),
    registered: [registrationText(record), ...seenTexts(record)],
    rows: record.claims.map(
      ({ statement, source, verdict, runs, adjustedP, adjustedPAgainst, reason, hypotheses }) => ({
        ...{ statement, source, verdict, runs: plural(runs, "run") },
        tone: verdict === "supported" || verdict === "contradicted" ? verdict : "",
        ...{ p: pText(adjustedP), pAgainst: pText(adjustedPAgainst) },
        ...(reason === undefined ? {} : { reason }),
        hypotheses: hypotheses.map((result) => ({
          text: contrastText(result),
          estimate: signedPoints(result.mean),
          bounds: boundsText(result),
          claimed: thresholdText(result),
          ...(result.reason === undefined ? {} : { reason: result.reason }),
        })),
      }),
    ),
  };
}
