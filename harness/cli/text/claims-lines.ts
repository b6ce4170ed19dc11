import picocolors from "picocolors";
import stringWidth from "string-width";
import type { Claim } from "../../claims/claim.js";
import { contrastText } from "../../claims/contrast-text.js";
import type { ClaimResult, HypothesisResult } from "../../claims/judge.js";
import type { ClaimsRecord } from "../../claims/record.js";
import { points, signedPoints } from "../../metrics/score-text.js";
import { twoColumns, wrap } from "./columns.js";
import { nearPath } from "./near-path.js";
import { plainTable } from "./plain-table.js";

interface Terminal {
  color: boolean;
  width: number;
}

/** Every claim with its source. */
export function claimListLines(claims: readonly Claim[], { width }: Terminal): string[] {
  return twoColumns(
    claims.map(({ id, statement, source, hypotheses }) => [
      id,
      `${statement} ${hypotheses.map(hypothesisText).join("; ")} [${source}]`,
    ]),
    width,
    0,
  );
}

/** The verdicts for a terminal: one row for each hypothesis, in points of 100. */
export function claimLines(record: ClaimsRecord, terminal: Terminal, report: string | null = null): string[] {
  const paint = picocolors.createColors(terminal.color);
  const colors = {
    supported: paint.green,
    contradicted: paint.red,
    undecided: paint.yellow,
    "not runnable": paint.dim,
  };
  const { suite, claims, orders, seeds, alpha, registration } = record;
  const table = plainTable(
    ["claim", "verdict", "estimate", "bounds", "above", "runs", "adjusted p"].map((head) => paint.bold(head)),
    claims.flatMap((claim) => tableRows(claim, (text) => colors[claim.verdict](text))),
    2,
  );
  const fits = table.every((line) => stringWidth(line) <= terminal.width);
  const blocks = claims.flatMap((claim) => [
    ...twoColumns([[colors[claim.verdict](claim.verdict), claim.statement]], terminal.width, 0),
    ...claim.hypotheses.flatMap((hypothesis) => wrap(`  ${resultText(hypothesis)}`, terminal.width)),
  ]);
  const caption = `points of 100; estimate: the contrast's mean over ${orders} orders (${seeds} seeds averaged); one-sided bounds, α = ${alpha}: supported where the lower one is above the margin, contradicted where the upper one is below; p adjusted by Holm over these claims`;
  const remarks = claims.flatMap((claim): [string, string][] => [
    ...(claim.reason === undefined ? [] : [[claim.id, claim.reason] as [string, string]]),
    ...claim.hypotheses.flatMap((hypothesis) => remarkOn(hypothesis).map((text): [string, string] => [claim.id, text])),
  ]);
  return [
    paint.bold(
      `${suite.name} ${suite.version}, ${record.model.reference === "" ? "" : nearPath(record.model.reference)}`,
    ),
    "",
    ...(fits ? table : blocks),
    "",
    ...wrap(caption, terminal.width).map((line) => paint.dim(line)),
    ...twoColumns(remarks, terminal.width, 0),
    "",
    ...twoColumns(
      [
        ["registered", registrationText(registration)],
        ["run", nearPath(record.runDirectory)],
        ...(report === null ? [] : [["report", nearPath(report)] as const]),
        ...(record.quick ? [["hint", "--quick is a smoke test: too small to judge a claim by."] as const] : []),
      ],
      terminal.width,
      0,
    ),
  ];
}

function tableRows(claim: ClaimResult, color: (text: string) => string): string[][] {
  const p = claim.adjustedP === null ? "–" : claim.adjustedP < 0.001 ? "<0.001" : claim.adjustedP.toFixed(3);
  const [first, ...others] = claim.hypotheses;
  const numbers = (result: HypothesisResult | undefined) =>
    result === undefined ? ["–", "–", "–"] : [signedPoints(result.mean), boundsText(result), points(-result.margin)];
  return [
    [claim.id, color(claim.verdict), ...numbers(first), String(claim.runs), p],
    ...others.map((result) => [`  and ${result.metric}`, result.verdict, ...numbers(result), "", ""]),
  ];
}

const boundsText = ({ low, high }: HypothesisResult): string =>
  low === null ? "–" : `${signedPoints(low)} … ${signedPoints(high)}`;

const resultText = (result: HypothesisResult): string =>
  `${hypothesisText(result)}: ${signedPoints(result.mean)}, ${boundsText(result)}`;

/** An inequality in a line, such as `bwt: replay − 0.5 sequential > 0.0`. */
const hypothesisText = ({ metric, contrast, margin }: Claim["hypotheses"][number]): string =>
  `${metric}: ${contrastText(contrast)} > ${points(-margin)}`;

function remarkOn({ verdict, reason, furtherOrders, metric }: HypothesisResult): string[] {
  if (verdict !== "undecided") return [];
  const more =
    furtherOrders === null || furtherOrders === 0 ? "" : `; about ${furtherOrders} further orders would decide`;
  return [`${metric}: ${reason ?? "undecided"}${more}`];
}

function registrationText(registration: ClaimsRecord["registration"]): string {
  if (registration === null) return "no: the claims were put to a run that was there already, which is exploration";
  const { digest, createdAt, beforeTheRun } = registration;
  return `${digest.slice(0, 12)}, ${createdAt.slice(0, 10)}, ${beforeTheRun ? "before the run" : "after the run had begun: exploration"}`;
}
