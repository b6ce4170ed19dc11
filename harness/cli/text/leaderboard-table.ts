import picocolors from "picocolors";
import { displayWidth } from "../../contract/display-width.js";
import type { Isolation } from "../../contract/isolation.js";
import type { MetricDescription } from "../../contract/metric.js";
import { plural } from "../../contract/printable.js";
import type { Estimate, Leaderboard, LeaderboardRow } from "../../contract/result.js";
import type { Board } from "../../contract/results/board.js";
import { suiteLabel } from "../../contract/suite.js";
import { points, rankText, signedPoints } from "../../metrics/score-text.js";
import { duration } from "../../run/display/text.js";
import { wrap } from "./columns.js";
import { plainTable } from "./plain-table.js";

interface Column {
  /** Of a metric. */
  key?: string;
  title: string;
  /** Those with the lowest go first where the terminal is narrow. */
  importance: number;
  /** An explanation below the table, where the title alone is not enough. */
  explanation?: string;
  text(row: LeaderboardRow): string;
}

const metric = (key: string, title: string, importance: number, explanation?: string, signed = false): Column => ({
  key,
  title,
  importance,
  explanation,
  text: (row) => estimateText(row.metrics[key], signed),
});

const usualColumns: readonly Column[] = [
  { title: "rank", importance: 6, text: ({ rank }) => rankText(rank) },
  { title: "trainer", importance: 99, text: ({ trainer }) => trainer },
  metric("op", "OP", 98, "OP: overall performance, mean after the last task"),
  metric("bwt", "BWT", 97, "BWT: change since each task was learned", true),
  metric("forgetting", "forgetting", 8),
  metric("learningAccuracy", "LA", 7, "LA: learning accuracy, mean after each task"),
  metric("fwt", "FWT", 3, "FWT: gain before a task is learned", true),
  metric("generalAbilityDelta", "general Δ", 9, "general Δ: change of general ability", true),
  { title: "time", importance: 5, text: ({ cost }) => secondsText(cost.wallSeconds) },
  { title: "cells", importance: 10, text: ({ cells }) => `${cells.done}/${cells.planned}` },
];

/** The usual columns with other metrics, the first the most important. */
function columnsWith(chosen: readonly MetricDescription[]): Column[] {
  const isMetric = ({ key }: Column) => key !== undefined;
  const [before, after] = [usualColumns.slice(0, 2), usualColumns.slice(2).filter((column) => !isMetric(column))];
  const metrics = chosen.map(({ key, title }, index) => {
    const usual = usualColumns.find((column) => column.key === key);
    return { ...(usual ?? metric(key, key, 0, `${key}: ${title}`)), importance: 98 - index };
  });
  return [...before, ...metrics, ...after];
}

/**
 * The leaderboard for a terminal: as many columns as its width allows, scores in points of 100, the half-width of
 * the 95% interval behind ± where there is one, else the standard deviation over the seeds of the only order in brackets.
 *
 * @param chosen the metrics that are columns; the usual ones without it.
 */
export function leaderboardLines(
  board: Pick<Leaderboard, "suite" | "orders" | "seeds" | "leaderboard">,
  terminal: { color: boolean; width: number },
  chosen?: readonly MetricDescription[],
): string[] {
  const columns = chosen === undefined ? usualColumns : columnsWith(chosen);
  const paint = picocolors.createColors(terminal.color);
  const complete = board.leaderboard.every(({ cells }) => cells.done === cells.planned);
  const ranked = board.leaderboard.some(({ rank }) => rank !== null);
  let shown = columns.filter(({ title }) => (title !== "cells" || !complete) && (title !== "rank" || ranked));
  while (shown.length > 3 && widthOf(shown, board.leaderboard) > terminal.width) {
    const least = Math.min(...shown.map(({ importance }) => importance));
    shown = shown.filter(({ importance }) => importance !== least);
  }
  const table = plainTable(
    shown.map(({ title }) => paint.bold(title)),
    board.leaderboard.map((row) => shown.map((column) => column.text(row))),
    shown.findIndex(({ title }) => title === "trainer") + 1,
  );
  const grid = `${plural(board.orders, "order")}, ${plural(board.seeds, "seed")}`;
  const sizes = `${suiteLabel(board.suite)}, ${grid}`;
  return [
    paint.bold(sizes),
    "",
    ...table,
    "",
    ...[caption(shown, columns.length, board), ...isolationNotes(board.leaderboard)]
      .flatMap((note) => wrap(note, terminal.width))
      .map((line) => paint.dim(line)),
  ];
}

/** What a comparison at equal operations is of, and whom it leaves out; nothing where it is none. */
export function equalFlopsLines({ equalFlops }: Pick<Board, "equalFlops">, width: number): string[] {
  if (equalFlops === undefined) return [];
  const { flops, leftOut } = equalFlops;
  const text = `at equal operations: of each trainer the longest training within ${flops.toPrecision(3)} FLOPs, evaluation included; tokens and steps differ`;
  const none = leftOut.map(
    ({ trainer, flops: own }) => `${trainer} (${own === null ? "unknown" : `at least ${own.toPrecision(3)}`})`,
  );
  return [...wrap(text, width), ...(none.length === 0 ? [] : wrap(`left out: ${none.join(", ")}`, width)), ""];
}

const caption = (shown: Column[], all: number, board: Pick<Leaderboard, "seeds" | "leaderboard">): string =>
  [
    "scores × 100",
    ...(board.leaderboard.some(({ metrics }) => metrics.op?.seedDeviation !== undefined)
      ? [`in brackets: standard deviation over the ${board.seeds} seeds of the one order, no interval over orders`]
      : []),
    ...shown.flatMap(({ explanation }) => explanation ?? []),
    ...(shown.length < all - 2 ? ["the report has more columns"] : []),
  ].join("; ");

/** Which plug-ins were kept from the files of run and suite, and which were not. */
function isolationNotes(rows: readonly LeaderboardRow[]): string[] {
  const named = (wanted: (isolation: Isolation) => boolean) =>
    rows.filter(({ isolation }) => isolation !== undefined && wanted(isolation)).map(({ trainer }) => trainer);
  const isolated = named((isolation) => isolation !== "none");
  const open = named((isolation) => isolation === "none");
  return [
    ...(isolated.length === 0 ? [] : [`isolated from test data: ${isolated.join(", ")}`]),
    ...(open.length === 0 ? [] : [`not isolated from test data: ${open.join(", ")}`]),
  ];
}

const widthOf = (shown: Column[], rows: LeaderboardRow[]): number =>
  shown.reduce(
    (sum, { title, text }) => sum + Math.max(...[title, ...rows.map(text)].map((cell) => displayWidth(cell))) + 2,
    -2,
  );

function estimateText(estimate: Estimate | undefined, signed: boolean): string {
  if (estimate === undefined || estimate.mean === null) return "–";
  const { mean, low, high, seedDeviation } = estimate;
  const seeds = seedDeviation === undefined ? "" : ` (${points(seedDeviation)})`;
  const half = low === null || high === null ? seeds : ` ±${points((high - low) / 2)}`;
  return `${signed ? signedPoints(mean) : points(mean)}${half}`;
}

const secondsText = (seconds: number | null | undefined): string =>
  typeof seconds !== "number" ? "–" : seconds < 10 ? `${seconds.toFixed(1)}s` : duration(seconds);
