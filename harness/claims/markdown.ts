import { cell } from "../gate/outputs/markdown.js";
import { points } from "../metrics/score-text.js";
import { contrastText } from "./contrast-text.js";
import type { ClaimResult, HypothesisResult } from "./judge.js";
import type { ClaimsRecord } from "./record.js";

/** The verdicts as Markdown (`claims.md`): one row for each hypothesis, in points of 100. */
export function claimsMarkdown(record: ClaimsRecord): string {
  const { suite, model, orders, seeds, alpha, registration, quick } = record;
  const registered =
    registration === null || !registration.beforeTheRun
      ? "Chosen after the run had begun: this is exploration."
      : `Registered before the run, ${registration.createdAt}, digest \`${registration.digest}\`.`;
  return [
    `## Claims on ${cell(suite.name)} ${cell(suite.version)}`,
    "",
    `Suite \`${suite.digest.slice(0, 12)}\`, model \`${model.digest.slice(0, 12)}\`, ${orders} task orders, ${seeds} seeds. ${registered}`,
    "",
    `One-sided bounds over task orders, α = ${alpha} each: supported where the lower one is above the threshold, contradicted where the upper one is below. p is adjusted by Holm over the claims that were run; the verdicts are not.${quick ? " Quick: a smoke test, too small to judge a claim by." : ""}`,
    "",
    "| claim | source | verdict | contrast | estimate | bounds | above | runs | adjusted p | |",
    "|---|---|---|---|---:|---:|---:|---:|---:|---|",
    ...record.claims.flatMap(rows),
    "",
  ].join("\n");
}

function rows({ statement, source, verdict, hypotheses, runs, adjustedP, reason }: ClaimResult): string[] {
  const p = adjustedP === null ? "–" : adjustedP.toFixed(3);
  const [first, ...others] = hypotheses;
  const whole = [statement, source, verdict, ...numbers(first), String(runs), p, reason ?? first?.reason ?? ""];
  const parts = others.map((part) => ["", "", part.verdict, ...numbers(part), "", "", part.reason ?? ""]);
  return [whole, ...parts].map((cells) => `| ${cells.map(cell).join(" | ")} |`);
}

function numbers(result: HypothesisResult | undefined): string[] {
  if (result === undefined) return ["", "–", "–", "–"];
  const { metric, contrast, mean, low, high, margin } = result;
  const bounds = low === null || high === null ? "–" : `${points(low)} … ${points(high)}`;
  return [`${metric}: ${contrastText(contrast)}`, mean === null ? "–" : points(mean), bounds, points(-margin)];
}
