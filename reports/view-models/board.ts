import type { ReportContext } from "../../harness/contract/plugin.js";
import { plural } from "../../harness/contract/printable.js";
import type { Board, BoardRow } from "../../harness/contract/results/board.js";
import { suiteLabel } from "../../harness/contract/suite.js";
import type { Privileges } from "../../harness/contract/trainer.js";
import { builtInMetrics } from "../../harness/metrics/index.js";
import { seedsByOrder } from "../../harness/metrics/statistics/clusters.js";
import { type LeaderboardView, leaderboardView } from "./leaderboard/leaderboard.js";
import { type TradeOffView, tradeOffViews } from "./leaderboard/trade-offs.js";
import { boundOf, type Entry } from "./shared/entries.js";
import { count, modelName, moment, points } from "./shared/format.js";
import { type GlossaryView, glossaryViews } from "./summary/glossary.js";
import type { HeaderView } from "./summary/header.js";

/** The page of a leaderboard over several runs as data. */
export interface BoardView {
  header: Omit<HeaderView, "quick">;
  leaderboard: LeaderboardView;
  /** Properties to filter by; one that all entries share is left out. */
  filters: { key: string; title: string; values: string[] }[];
  tradeOffs: TradeOffView[];
  /** Columns of the tables of cells: seeds, or positions among the seeds of an order if each order has its own. */
  columns: string[];
  cells: BoardCellsView[];
  runs: { id: string; date: string; cells: string; command: string }[];
  glossary: GlossaryView[];
}

/** The scores of an entry: a row per order, a column per seed. */
export interface BoardCellsView {
  name: string;
  anchor: string;
  note: string;
  rows: { name: string; cells: { title: string; anchor: string; text: string; outside: boolean }[] }[];
}

export function boardView(board: Board, { metrics, columns }: ReportContext = { metrics: builtInMetrics }): BoardView {
  const { suite, grid, runs } = board;
  const entries = board.leaderboard.map(entryOf);
  const engines = new Set(board.leaderboard.map(({ engine }) => engine));
  const origins = board.leaderboard.map((row) => originOf(row, engines.size > 1));
  const filters = [
    { key: "privileges", title: "Privileges" },
    { key: "model", title: "Model" },
    { key: "engine", title: "Engine" },
  ] as const;
  const counted = board.leaderboard.flatMap(({ results }) => results.filter((cell) => cell.counted));
  const leaderboard = leaderboardView({ run: { orders: grid.orders, cells: counted }, metrics, columns }, entries);
  const seeds = seedsByOrder(board.leaderboard.flatMap(({ results }) => results));
  const seedColumns = columnsOf(seeds);
  const addresses = new Set<string>();
  return {
    header: headerOf(board),
    leaderboard: {
      ...leaderboard,
      rows: leaderboard.rows.map((row, index) => ({ ...row, origin: origins[index]! })),
    },
    filters: filters
      .map(({ key, title }) => ({ key, title, values: [...new Set(origins.map((origin) => origin[key]))].sort() }))
      .filter(({ values }) => values.length > 1),
    tradeOffs: tradeOffViews(entries),
    columns: seedColumns,
    cells: board.leaderboard.map((row) => cellsOf(row, seeds, seedColumns.length, addresses)),
    runs: runs.map(({ id, createdAt, cells, command }) => ({
      id,
      date: moment(createdAt),
      cells: `${cells.done} of ${cells.planned}`,
      command,
    })),
    glossary: glossaryViews({ metrics }),
  };

  function headerOf({ leaderboard: rows }: Board): BoardView["header"] {
    const models = new Set(rows.map(({ model }) => model.digest));
    const dates = runs.map(({ createdAt }) => createdAt).sort();
    return {
      suite: suiteLabel(suite),
      title: suite.title,
      generated: suite.generated,
      facts: [
        { name: "Suite", value: suiteLabel(suite) },
        { name: "Entries", value: rows.length === 1 ? "1 entry" : `${rows.length} entries` },
        ...(board.equalFlops === undefined ? [] : [equalFlopsFact(board.equalFlops)]),
        { name: "Grid", value: `${plural(board.orders, "order")} × ${plural(board.seeds, "seed")}` },
        { name: "Models", value: models.size === 1 ? modelName(rows[0]!.model.reference) : String(models.size) },
        { name: "Runs", value: String(runs.length), note: `latest ${moment(dates.at(-1)!)}` },
        { name: "Suite digest", value: suite.digest.slice(0, 12) },
      ],
    };
  }
}

/** What a comparison at equal operations is of, and whom it leaves out. */
function equalFlopsFact({ flops, leftOut }: NonNullable<Board["equalFlops"]>) {
  const none = leftOut.map(({ trainer, flops: own }) => `${trainer} (${own === null ? "unknown" : count(own)})`);
  const rule = "of each trainer the longest training within them, evaluation included";
  return {
    name: "Equal operations",
    value: `${count(flops)} FLOPs`,
    note: none.length === 0 ? rule : `${rule}; left out: ${none.join(", ")}`,
  };
}

function entryOf(row: BoardRow): Entry {
  const trainer = { ...row.record, label: row.trainer };
  return { name: row.trainer, anchor: row.id, trainer, row, cells: [], matrices: [], bound: boundOf(trainer) };
}

function originOf(
  { model, engine, quick, privileges }: BoardRow,
  several: boolean,
): NonNullable<LeaderboardView["rows"][number]["origin"]> {
  const name = `${modelName(model.reference)} ${model.digest.slice(0, 4)}`;
  return {
    text: [name, ...(several ? [engine] : []), ...(quick ? ["quick"] : [])].join(" · "),
    privileges: privilegeClass(privileges),
    model: name,
    engine,
  };
}

/** The class within which entries are compared: access to past data and to task ids. */
function privilegeClass({ pastData, generalItems, taskIdAtTest, validationOfPastTasks }: Privileges): string {
  const past = {
    none: "no past data",
    synthetic: "synthetic past data",
    demonstrations: "synthetic past data from a few real items",
    buffer: "a buffer of past data",
    all: "all past data",
  };
  const kind = typeof pastData === "string" ? pastData : "buffer" in pastData ? "buffer" : "demonstrations";
  const parts: string[] = [past[kind]];
  if (generalItems > 0) parts.push("general items");
  if (validationOfPastTasks) parts.push("past validation");
  if (taskIdAtTest) parts.push("task id at test");
  return parts.join(", ");
}

function columnsOf(seeds: ReadonlyMap<string, readonly number[]>): string[] {
  const lists = [...seeds.values()];
  const longest = lists.reduce((longest, own) => (own.length > longest.length ? own : longest), []);
  const same = lists.every((own) => own.every((seed, index) => seed === longest[index]));
  return longest.map((seed, index) => (same ? `seed ${seed}` : `run ${index + 1}`));
}

function cellsOf(
  { id, trainer, results, cells, runs }: BoardRow,
  seeds: ReadonlyMap<string, readonly number[]>,
  width: number,
  addresses: Set<string>,
): BoardCellsView {
  const byOrderAndSeed = new Map(results.map((cell) => [`${cell.seed} ${cell.order}`, cell]));
  // Equal cells of runs that name a trainer differently share an id; the first of them has the address.
  const addressOf = (cell: string) => {
    if (cell === "" || addresses.has(cell)) return "";
    addresses.add(cell);
    return cell;
  };
  return {
    name: trainer,
    anchor: id,
    note: `${cells.done} of ${cells.planned} in the grid, ${plural(runs.length, "run")}`,
    rows: [...new Set(results.map(({ order }) => order))].map((order) => ({
      name: order,
      cells: Array.from({ length: width }, (_, index) => {
        const seed = seeds.get(order)![index];
        const cell = byOrderAndSeed.get(`${seed} ${order}`);
        const known = cell?.id ?? "";
        const title = `seed ${seed}, ${known}`;
        return { title, anchor: addressOf(known), text: points(cell?.score), outside: cell?.counted === false };
      }),
    })),
  };
}
