import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../../contract/errors.js";
import { writeFileAtomically } from "../../contract/files.js";
import { packages } from "../../contract/packages.js";
import { plural } from "../../contract/printable.js";
import type { Board } from "../../contract/results/board.js";
import { suiteLabel } from "../../contract/suite.js";
import { points, rankText } from "../../metrics/score-text.js";
import { publishedPath } from "../../run/store/published-run.js";

/** What people say in a card; undefined where they say nothing. */
export interface CardWords {
  title?: string;
  submission?: string;
}

interface CardPlace {
  out: string;
  /** What is published already, as a directory that may not exist. */
  there?: string;
  /** Where it is published. */
  push?: string;
  /** Run id → page of its report, relative to the leaderboard. */
  reports: Readonly<Record<string, string>>;
}

/** Reads the text of `--submission`. Throws USAGE where the file cannot be read. */
export function cardWords({ title, submission }: CardWords): CardWords {
  if (submission === undefined) return { title };
  try {
    return { title, submission: readFileSync(submission, "utf8").trim() };
  } catch (error) {
    throw new BenchError("USAGE", `--submission: ${(error as Error).message}`, { fix: "Give a Markdown file." });
  }
}

/**
 * Writes the card of a leaderboard, `README.md`, and `reports.json`. Of a card that is published already, the parts of
 * bench between its marks are renewed and the rest stays: what its owners wrote is theirs.
 *
 * @returns the paths of the files.
 */
export function writeCard(board: Board, { out, there, push, reports, ...words }: CardPlace & CardWords): string[] {
  const published = there === undefined ? undefined : textOf(join(there, "README.md"));
  const all = { ...knownReports(there, board), ...reports };
  const [card, list] = [join(out, "README.md"), join(out, "reports.json")];
  writeFileAtomically(card, cardText(board, all, words, push, published));
  writeFileAtomically(list, `${JSON.stringify({ schema: "board-reports@1", reports: all }, null, 2)}\n`);
  return [card, list];
}

const textOf = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, "utf8") : undefined);

/** The reports that are published already, of runs of this board. */
function knownReports(there: string | undefined, { runs }: Board): Record<string, string> {
  const text = there === undefined ? undefined : textOf(join(there, "reports.json"));
  if (text === undefined) return {};
  let listed: unknown;
  try {
    listed = (JSON.parse(text) as { reports?: unknown } | null)?.reports;
  } catch {
    return {};
  }
  const known = (listed ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    runs.flatMap(({ id }) => (known[id] === reportPage(id) ? [[id, reportPage(id)] as const] : [])),
  );
}

const reportPage = (run: string): string => `reports/${run}/report/index.html`;

/** The card: what is marked is renewed in the published one; without a published one, all of it. */
function cardText(
  board: Board,
  reports: Readonly<Record<string, string>>,
  { title, submission }: CardWords,
  push: string | undefined,
  published: string | undefined,
): string {
  const name = title ?? `Leaderboard of ${board.suite.title}`;
  const parts: Record<string, string> = {
    title: `# ${oneLine(name)}`,
    board: boardPart(board, reports),
    submission: submission ?? defaultSubmission(board, push),
  };
  const given: Record<string, boolean> = {
    title: title !== undefined,
    submission: submission !== undefined,
    board: true,
  };
  const [, header, body = published ?? ""] = /^---\r?\n([\s\S]*?)\r?\n---\r?\n?([\s\S]*)$/.exec(published ?? "") ?? [];
  const missing = body.trim() === "" ? Object.keys(parts) : ["board"].filter((part) => !body.includes(mark(part)));
  let text = body;
  for (const part of missing) text += `\n${marked(part, parts[part]!)}\n`;
  for (const [part, content] of Object.entries(parts)) {
    if (given[part]) text = text.replace(pattern(part), () => marked(part, content));
  }
  return `---\n${headerText(header, oneLine(name), title !== undefined, push)}---\n${text.startsWith("\n") ? "" : "\n"}${text}`;
}

const mark = (part: string): string => `<!-- bench:${part} -->`;
const marked = (part: string, content: string): string => `${mark(part)}\n${content}\n<!-- /bench:${part} -->`;
const pattern = (part: string): RegExp => new RegExp(`<!-- bench:${part} -->[\\s\\S]*?<!-- /bench:${part} -->`);

/** The YAML before a card: what is there stays; the title where one is given, and what is missing, is added. */
function headerText(published: string | undefined, title: string, given: boolean, push: string | undefined): string {
  const space = push?.startsWith("hf://spaces/") === true;
  let known: Record<string, unknown> = {};
  try {
    known = (packages.yaml.parse(published ?? "") as Record<string, unknown> | null) ?? {};
  } catch {} // a header that is no YAML is made anew
  const key = space ? "title" : "pretty_name";
  const added = space
    ? { title, sdk: "static", app_file: "index.html", tags }
    : { pretty_name: title, tags, configs: [{ config_name: "leaderboard", data_files: "leaderboard.csv" }] };
  return packages.yaml.stringify({ ...added, ...known, ...(given ? { [key]: title } : {}) });
}

const tags = ["leaderboard", "benchmark", "continual-learning", "trace-bench"];

function boardPart(board: Board, reports: Readonly<Record<string, string>>): string {
  const { suite, runs, leaderboard, orders, seeds } = board;
  const entries = leaderboard.map((row) => [
    rankText(row.rank),
    row.trainer,
    row.model.reference,
    ...["op", "bwt"].map((key) => points(row.metrics[key]?.mean)),
    `${row.cells.done} of ${row.cells.planned}`,
  ]);
  const links = runs.map(({ id, createdAt }) => [
    id,
    createdAt.slice(0, 10),
    { markdown: `[results](${publishedPath({ id })})` },
    reports[id] === undefined ? "–" : { markdown: `[report](${reports[id]}), [samples](${reports[id]}#samples)` },
  ]);
  return [
    `${suiteLabel(suite)}${suite.generated ? " (generated data)" : ""}, ${plural(orders, "order")} × ${plural(seeds, "seed")}, digest \`${suite.digest.slice(0, 12)}\`. Scores are points of 100. [Page](index.html), [CSV](leaderboard.csv), [JSON](leaderboard.json).`,
    table(["Rank", "Trainer", "Model", "OP", "BWT", "Cells"], entries),
    "## Runs",
    table(["Run", "Date", "Results", "Report"], links),
  ].join("\n\n");
}

function defaultSubmission({ suite }: Board, push: string | undefined): string {
  const place = push ?? "hf://datasets/owner/name";
  return `## How to submit

1. Run the suite: \`bench run ${suite.name} --trainers <yours> --orders 3 --seeds 3\`. The digest of the suite must be the one above.
2. Publish: \`HF_TOKEN=… bench leaderboard runs/<id> --push ${place}\`. Results are merged with those that are here; \`--with-reports\` adds the report with questions and answers.
3. Without the right to write here, attach \`leaderboard/runs/<id>.json\` of \`bench leaderboard runs/<id>\` to a discussion.`;
}

/** A cell of a table: text, or Markdown of our own. */
type Cell = string | { markdown: string };

function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) => `| ${cells.map(cellText).join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

const cellText = (cell: Cell): string =>
  typeof cell === "string" ? oneLine(cell).replace(/[\\`*_[\]<>|&]/g, "\\$&") : cell.markdown;

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
