import picocolors from "picocolors";
import type { ClaimResult, HypothesisResult } from "../../claims/judge.js";
import type { ClaimsRecord } from "../../claims/record.js";
import { contrastText, registrationText, ruleText, seenTexts, thresholdText } from "../../claims/text.js";
import { displayWidth } from "../../contract/display-width.js";
import type { Claim, Hypothesis } from "../../contract/results/claim.js";
import { boundsText, pText, signedPoints } from "../../metrics/score-text.js";
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
  const { suite, claims, orders, seeds } = record;
  const table = plainTable(
    ["claim", "verdict", "estimate", "bounds", "claimed", "runs", "p for", "p against"].map((head) => paint.bold(head)),
    claims.flatMap((claim) => tableRows(claim, (text) => colors[claim.verdict](text))),
    2,
  );
  const fits = table.every((line) => displayWidth(line) <= terminal.width);
  const blocks = claims.flatMap((claim) => [
    ...twoColumns([[colors[claim.verdict](claim.verdict), claim.statement]], terminal.width, 0),
    ...claim.hypotheses.flatMap((hypothesis) => wrap(`  ${resultText(hypothesis)}`, terminal.width)),
  ]);
  const caption = `Points of 100; estimate: the contrast's mean over ${orders} orders (${seeds} seeds averaged). ${ruleText(record)}`;
  const remarks = claims.flatMap((claim): [string, string][] => [
    ...(claim.reason === undefined ? [] : [[claim.id, claim.reason] as [string, string]]),
    ...claim.hypotheses.flatMap((hypothesis) =>
      remarkOn(claim, hypothesis).map((text): [string, string] => [claim.id, text]),
    ),
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
        ["registered", [registrationText(record), ...seenTexts(record)].join(" ")],
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
  const [first, ...others] = claim.hypotheses;
  const numbers = (result: HypothesisResult | undefined) =>
    result === undefined ? ["–", "–", "–"] : [signedPoints(result.mean), boundsText(result), thresholdText(result)];
  const ps = [pText(claim.adjustedP), pText(claim.adjustedPAgainst)];
  return [
    [claim.id, color(claim.verdict), ...numbers(first), String(claim.runs), ...ps],
    ...others.map((result) => [`  and ${result.metric}`, "", ...numbers(result), "", "", ""]),
  ];
}

const resultText = (result: HypothesisResult): string =>
  `${hypothesisText(result)}: ${signedPoints(result.mean)}, ${boundsText(result)}`;

/** An inequality in a line, such as `bwt: replay − 0.5 sequential above 0.0`. */
const hypothesisText = (hypothesis: Hypothesis): string => `${contrastText(hypothesis)} ${thresholdText(hypothesis)}`;

function remarkOn({ verdict }: ClaimResult, { reason, furtherOrders, metric }: HypothesisResult): string[] {
  if (verdict !== "undecided" || (reason === undefined && furtherOrders === null)) return [];
  const more =
    furtherOrders === null || furtherOrders === 0 ? "" : `about ${furtherOrders} further orders would decide`;
  return [`${metric}: ${[reason, more].filter(Boolean).join("; ")}`];
}
