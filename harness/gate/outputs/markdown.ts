import { boundsText, signedPoints } from "../../metrics/score-text.js";
import { baselineText } from "../baseline.js";
import type { GateResult } from "../gate.js";
import type { ItemFlip } from "../items/pair-items.js";
import { candidateText, captionOf, countText, flipText, marginText, remarksOn } from "./row-text.js";

const marks = { pass: "✅ PASS", fail: "❌ FAIL", inconclusive: "❔ INCONCLUSIVE" };

/** Flipped answers that are listed; the rest is counted. */
const mostFlips = 50;

/** A gate as Markdown, such as for the summary of a GitHub step. Differences in points of 100. */
export function gateMarkdown(result: GateResult): string {
  const { baseline, suite, flips } = result;
  const rows = result.metrics.map((row) => {
    const cells = [
      `\`${row.key}\``,
      signedPoints(row.mean),
      boundsText(row),
      marginText(row).replace(/^margin /, ""),
      countText(row),
      marks[row.verdict],
      remarksOn(row).join("; "),
    ];
    return `| ${cells.map(cell).join(" | ")} |`;
  });
  return [
    `## ${marks[result.verdict]}: ${cell(candidateText(result))} against baseline ${cell(baselineText(baseline))}`,
    "",
    `${cell(suite.name)} ${cell(suite.version)} (\`${suite.digest.slice(0, 12)}\`). ${cell(captionOf(result))}.`,
    "",
    `| metric | difference | bounds | margin | ${result.pairedBy === "item" ? "items" : "orders"} | verdict | |`,
    "|---|---:|---:|---:|---:|---|---|",
    ...rows,
    "",
    ...result.notes.map((note) => `- ${cell(note)}`),
    ...(result.notes.length > 0 ? [""] : []),
    ...(flips === undefined
      ? []
      : [...flipLines("became wrong", flips.lost), ...flipLines("became right", flips.gained)]),
  ].join("\n");
}

function flipLines(what: string, flips: readonly ItemFlip[]): string[] {
  if (flips.length === 0) return [];
  const more = flips.length - mostFlips;
  return [
    `<details><summary>${flips.length} answers ${what}</summary>`,
    "",
    ...flips.slice(0, mostFlips).map((flip) => `- ${cell(flipText(flip))}`),
    ...(more > 0 ? [`- ${more} more`] : []),
    "",
    "</details>",
    "",
  ];
}

/** Text that stays inside its cell and is no mark-up. */
export const cell = (text: string): string =>
  text.replace(/[\r\n]+/g, " ").replace(/[|<>*_[\]]/g, (mark) => `\\${mark}`);
