import { cell } from "../gate/outputs/markdown.js";
import { boundsText, points, pText } from "../metrics/score-text.js";
import type { ClaimResult, HypothesisResult } from "./judge.js";
import type { ClaimsRecord } from "./record.js";
import { contrastText, registrationText, ruleText, seenTexts, thresholdText } from "./text.js";

/** The verdicts as Markdown (`claims.md`): one row for each hypothesis, in points of 100. */
export function claimsMarkdown(record: ClaimsRecord): string {
  const { suite, model, orders, seeds, quick } = record;
  return [
    `## Claims on ${cell(suite.name)} ${cell(suite.version)}`,
    "",
    `Suite \`${suite.digest.slice(0, 12)}\`, model \`${model.digest.slice(0, 12)}\`, ${orders} task orders, ${seeds} seeds. ${registrationText(record)}`,
    "",
    ...seenTexts(record).flatMap((text) => [cell(text), ""]),
    `${ruleText(record)}${quick ? " Quick: a smoke test, too small to judge a claim by." : ""}`,
    "",
    "| claim | source | verdict | contrast | estimate | bounds | claimed | runs | p for | p against | |",
    "|---|---|---|---|---:|---:|---:|---:|---:|---:|---|",
    ...record.claims.flatMap(rows),
    "",
  ].join("\n");
}

function rows(claim: ClaimResult): string[] {
  const { statement, source, verdict, hypotheses, runs, adjustedP, adjustedPAgainst, reason } = claim;
  const [first, ...others] = hypotheses;
  const ps = [pText(adjustedP), pText(adjustedPAgainst)];
  const whole = [statement, source, verdict, ...numbers(first), String(runs), ...ps, reason ?? first?.reason ?? ""];
  const parts = others.map((part) => ["", "", "", ...numbers(part), "", "", "", part.reason ?? ""]);
  return [whole, ...parts].map((cells) => `| ${cells.map(cell).join(" | ")} |`);
}

function numbers(result: HypothesisResult | undefined): string[] {
  if (result === undefined) return ["", "–", "–", "–"];
  return [contrastText(result), points(result.mean), boundsText(result), thresholdText(result)];
}
