import { join } from "node:path";
import { writeFileAtomically } from "../harness/contract/files.js";
import type { Reporter } from "../harness/contract/plugin.js";
import { type ReportData, readReportData } from "./report-data.js";
import { leaderboardView } from "./view-models/leaderboard/leaderboard.js";
import type { EstimateCell } from "./view-models/shared/cell.js";
import { entriesOf } from "./view-models/shared/entries.js";
import { failuresView } from "./view-models/summary/failures.js";
import { findings } from "./view-models/summary/findings.js";
import { headerView } from "./view-models/summary/header.js";

/** A summary for a pull request, a commit or a chat. */
export const renderMarkdown: Reporter["render"] = async (runDirectory, outputDirectory, context) => {
  const path = join(outputDirectory, "report.md");
  writeFileAtomically(path, markdownReport(readReportData(runDirectory, context)));
  return [path];
};

/** The text of the Markdown report. */
export function markdownReport(data: ReportData): string {
  const entries = entriesOf(data);
  const header = headerView(data);
  const board = leaderboardView(data, entries);
  const failed = failuresView(data);
  const label = header.generated ? " (generated data)" : "";
  return [
    `# ${header.title}${label}`,
    header.facts.map(({ name, value }) => `**${name}** ${value}`).join(" · "),
    findings(data, entries)
      .map(({ topic, text }) => `- **${topic}.** ${text}`)
      .join("\n"),
    table(
      [
        "Rank",
        "Trainer",
        "Privileges",
        board.score.title,
        ...[...board.metrics, ...board.costs].map(({ title }) => title),
      ],
      board.rows.map((row) => [
        row.bound ?? row.rank.text,
        row.name,
        row.chips.map(({ text }) => text).join(", "),
        ...[row.score, ...row.metrics].map(estimateText),
        ...row.costs.map(({ text }) => text),
      ]),
    ),
    [board.caption, board.notice].filter(Boolean).join(" "),
    failed.shown.length === 0
      ? ""
      : table(
          ["Missing cell", "Status", "Message"],
          failed.shown.map(({ trainer, order, seed, status, code, message }) => [
            `${trainer}, ${order}, seed ${seed}`,
            status,
            [code, message].filter(Boolean).join(": "),
          ]),
        ),
    failed.more === 0 ? "" : `${failed.more} more cells are missing.`,
    `Reproduce: \`${data.run.command}\``,
  ]
    .filter(Boolean)
    .join("\n\n")
    .concat("\n");
}

const estimateText = ({ text, spread, seedDeviation }: EstimateCell): string =>
  spread !== undefined
    ? `${text} ± ${spread}`
    : seedDeviation === undefined
      ? text
      : `${text} (seeds ${seedDeviation})`;

function table(columns: readonly string[], rows: readonly string[][]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replace(/\|/g, "\\|").replace(/\s+/g, " ")).join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}
