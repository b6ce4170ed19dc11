import type { GateResult } from "../gate.js";
import { lookText, marginText, remarksOn, signed } from "./row-text.js";

const marks = { pass: "✅ PASS", fail: "❌ FAIL", inconclusive: "❔ INCONCLUSIVE" };

/** A gate as Markdown, such as for the summary of a GitHub step. */
export function gateMarkdown(result: GateResult): string {
  const { baseline, candidate, suite } = result;
  const rows = result.metrics.map((row) => {
    const bounds = row.low === null || row.high === null ? "–" : `${signed(row.low)} … ${signed(row.high)}`;
    const cells = [
      `\`${row.key}\``,
      row.mean === null ? "–" : signed(row.mean),
      bounds,
      marginText(row).replace(/^margin /, ""),
      String(row.orders),
      marks[row.verdict],
      remarksOn(row).join("; "),
    ];
    return `| ${cells.map(cell).join(" | ")} |`;
  });
  return [
    `## ${marks[result.verdict]}: ${cell(candidate.trainer)} against baseline ${cell(baseline.name)}@${baseline.version}`,
    "",
    `${cell(suite.name)} ${cell(suite.version)} (\`${suite.digest.slice(0, 12)}\`), paired by ${result.pairedBy}. Differences are positive where the candidate is better; one-sided bounds, ${lookText(result)}.`,
    "",
    "| metric | difference | bounds | margin | orders | verdict | |",
    "|---|---:|---:|---:|---:|---|---|",
    ...rows,
    "",
    ...result.notes.map((note) => `- ${cell(note)}`),
    ...(result.notes.length > 0 ? [""] : []),
  ].join("\n");
}

/** Text that stays inside its cell and is no mark-up. */
export const cell = (text: string): string =>
  text.replace(/[\r\n]+/g, " ").replace(/[|<>*_[\]]/g, (mark) => `\\${mark}`);
