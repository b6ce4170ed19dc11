import Table from "cli-table3";
import picocolors from "picocolors";
import stringWidth from "string-width";
import type { Estimate, Leaderboard, LeaderboardRow } from "../contract/result.js";
import { duration } from "../run/display/text.js";

interface Column {
  title: string;
  /** Those with the lowest go first where the terminal is narrow. */
  importance: number;
  text(row: LeaderboardRow): string;
}

const metric = (key: string, title: string, importance: number, signed = false): Column => ({
  title,
  importance,
  text: (row) => estimateText(row.metrics[key], signed),
});

const columns: Column[] = [
  { title: "rank", importance: 6, text: ({ rank }) => rankText(rank) },
  { title: "trainer", importance: 99, text: ({ trainer }) => trainer },
  metric("op", "OP", 98),
  metric("bwt", "BWT", 97, true),
  metric("forgetting", "forgetting", 8),
  metric("learningAccuracy", "learned", 7),
  metric("fwt", "FWT", 3, true),
  metric("generalAbilityDelta", "general Δ", 9, true),
  { title: "time", importance: 5, text: ({ cost }) => secondsText(cost.wallSeconds) },
  { title: "cells", importance: 10, text: ({ cells }) => `${cells.done}/${cells.planned}` },
];

/**
 * The leaderboard for a terminal: as many columns as its width allows, scores in points of 100, the half-width of
 * the 95% interval behind ± where there is one.
 */
export function leaderboardLines(board: Leaderboard, terminal: { color: boolean; width: number }): string[] {
  const paint = picocolors.createColors(terminal.color);
  const complete = board.leaderboard.every(({ cells }) => cells.done === cells.planned);
  const ranked = board.leaderboard.some(({ rank }) => rank !== null);
  let shown = columns.filter(({ title }) => (title !== "cells" || !complete) && (title !== "rank" || ranked));
  while (shown.length > 3 && widthOf(shown, board.leaderboard) > terminal.width) {
    const least = Math.min(...shown.map(({ importance }) => importance));
    shown = shown.filter(({ importance }) => importance !== least);
  }
  const table = new Table({
    head: shown.map(({ title }) => paint.bold(title)),
    colAligns: shown.map(({ title }) => (title === "trainer" ? "left" : "right")),
    chars: borderless,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
  });
  for (const row of board.leaderboard) table.push(shown.map((column) => column.text(row)));
  const grid = `${count(board.orders, "order")}, ${count(board.seeds, "seed")}`;
  const sizes = `${board.suite.name} ${board.suite.version}, ${grid}`;
  return [
    paint.bold(sizes),
    "",
    ...table
      .toString()
      .split("\n")
      .map((line) => line.trimEnd()),
    "",
    paint.dim(
      shown.length < columns.length - 2
        ? "scores × 100; the report has all columns"
        : "scores × 100; OP: mean of the last row, BWT: change since learnt, general Δ: general ability against the base",
    ),
  ];
}

const borderless = Object.fromEntries(
  [
    ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
    ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
  ].map((place) => [place, ""]),
);

const widthOf = (shown: Column[], rows: LeaderboardRow[]): number =>
  shown.reduce(
    (sum, { title, text }) => sum + Math.max(...[title, ...rows.map(text)].map((cell) => stringWidth(cell))) + 2,
    -2,
  );

function estimateText(estimate: Estimate | undefined, signed: boolean): string {
  if (estimate === undefined || estimate.mean === null) return "–";
  const { mean, low, high } = estimate;
  const sign = signed && mean > 0 ? "+" : "";
  const half = low === null || high === null ? "" : ` ±${points((high - low) / 2)}`;
  return `${sign}${points(mean)}${half}`;
}

const points = (value: number): string =>
  (100 * value)
    .toFixed(1)
    .replace(/^-0\.0$/, "0.0")
    .replace("-", "−");
const secondsText = (seconds: number | null | undefined): string =>
  typeof seconds !== "number" ? "–" : seconds < 10 ? `${seconds.toFixed(1)}s` : duration(seconds);
const rankText = (rank: LeaderboardRow["rank"]): string =>
  rank === null ? "–" : rank.best === rank.worst ? `${rank.best}` : `${rank.best}–${rank.worst}`;
const count = (value: number, noun: string): string => `${value} ${noun}${value === 1 ? "" : "s"}`;
