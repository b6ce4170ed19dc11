import { digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import type { Metric } from "../contract/metric.js";
import type {
  CellRecord,
  CostRecord,
  CurvesRecord,
  MatrixRecord,
  ModelRecord,
  RunRecord,
  TrainerRecord,
} from "../contract/result.js";
import type { Board, BoardCell, BoardRow } from "../contract/results/board.js";
import { builtInMetrics, overallPerformance } from "./catalog.js";
import { withinFlops } from "./equal-flops.js";
import { buildLeaderboard, type LeaderboardSource } from "./leaderboard.js";
import { modelNames } from "./model-names.js";
import { groupBy, placeOf, seedsPerOrder } from "./statistics/clusters.js";

interface Entry {
  id: string;
  record: TrainerRecord;
  model: ModelRecord;
  engine: string;
  quick: boolean;
  runs: Set<string>;
  /** By place in the grid. */
  cells: Map<string, EntryCell>;
}

interface EntryCell extends CellRecord {
  matrix?: MatrixRecord;
  cost?: CostRecord;
  curves?: CurvesRecord;
}

/**
 * Merges runs on one suite. Equal trainers with equal options on equal models are one entry, whichever run they come
 * from. Means and ranks are made over the grid of orders and seeds that most entries were planned on; an entry that
 * lacks a cell of it stays unranked, and cells outside of it are listed only.
 *
 * @param metrics the built-in ones without it.
 * @param flops where given, of each trainer the longest training within so many operations alone, see `withinFlops`.
 * @throws RUN_MISMATCH when the runs are of different suites or data; CONFIG_INVALID where nothing is within `flops`.
 */
export function buildBoard(
  sources: readonly LeaderboardSource[],
  metrics: readonly Metric[] = builtInMetrics,
  flops?: number,
): Board {
  const [first] = sources;
  if (first === undefined) {
    throw new BenchError("USAGE", "there is no run to make a leaderboard of", {
      fix: "Give run directories, such as `bench leaderboard runs/*`.",
    });
  }
  for (const source of sources) checkSuite(first, source);
  const orders = namedOrders(sources.map(({ run }) => run));
  const all = entriesOf(sources, orders);
  const { kept: entries, none } = flops === undefined ? { kept: all, none: [] } : withinFlops(all, flops);
  if (entries.length === 0) {
    throw new BenchError("CONFIG_INVALID", `no entry was trained within ${flops} floating-point operations`, {
      fix: "Raise --flops, or run the trainers with fewer `steps`.",
    });
  }
  const places = commonGrid(entries);
  const grid = {
    orders: [...orders.values()].filter(({ name }) => places.some(({ order }) => order === name)),
    seeds: [...new Set(places.map(({ seed }) => seed))].sort((a, b) => a - b),
  };
  const labels = uniqueLabels(entries);
  const rows = rowsOf(entries, labels, places, { ...first.run, ...grid }, metrics);
  const { name, version, digest, title, generated, scoring } = first.run.suite;
  return {
    schema: "board@1",
    suite: { name, version, digest, title, generated, ...(scoring === undefined ? {} : { scoring }) },
    orders: grid.orders.length,
    seeds: seedsPerOrder(places),
    grid,
    runs: sources.map(({ run, matrices }) => ({
      id: run.id,
      createdAt: run.createdAt,
      command: run.command,
      cells: { done: Object.keys(matrices).length, planned: run.cells.length },
    })),
    ...(flops !== undefined && {
      equalFlops: {
        flops,
        leftOut: none.map(({ entry, flops: own }) => ({ trainer: entry.record.label, flops: own })),
      },
    }),
    leaderboard: rows,
  };
}

function checkSuite({ run: first }: LeaderboardSource, { run, directory }: LeaderboardSource): void {
  if (run.suite.digest === first.suite.digest) return;
  const phrase = ({ suite }: RunRecord) => `${suite.name} ${suite.version} (${suite.digest.slice(0, 12)})`;
  throw new BenchError("RUN_MISMATCH", `the runs are of different suites: ${phrase(first)} and ${phrase(run)}`, {
    fix: "Make a leaderboard of each suite; a quick run has other data than a full one.",
    at: { file: directory },
  });
}

/** Orders by their sequence of tasks: the same sequence is one order, whatever a run calls it. */
function namedOrders(runs: readonly RunRecord[]): Map<string, { name: string; tasks: string[] }> {
  const found = new Map<string, { name: string; tasks: string[] }>();
  const taken = new Set<string>();
  for (const { name, tasks } of runs.flatMap(({ orders }) => orders)) {
    const key = tasks.join("\n");
    if (found.has(key)) continue;
    let own = name;
    for (let number = 2; taken.has(own); number++) own = `${name} (${number})`;
    taken.add(own);
    found.set(key, { name: own, tasks });
  }
  return found;
}

function entriesOf(sources: readonly LeaderboardSource[], orders: ReturnType<typeof namedOrders>): Entry[] {
  const entries = new Map<string, Entry>();
  for (const { run, matrices, costs, curves } of sources) {
    const names = new Map(run.orders.map(({ name, tasks }) => [name, orders.get(tasks.join("\n"))!.name]));
    const own = new Map<string, Entry>();
    for (const record of run.trainers) {
      const { name, version, options } = record;
      const { model, numerics: engine, quick } = run;
      const id = digestOf({
        name,
        version,
        options,
        model: model.digest,
        engine,
        quick,
        source: run.source?.digest,
      }).slice(0, 12);
      const entry = entries.get(id) ?? { id, record, model, engine, quick, runs: new Set(), cells: new Map() };
      entries.set(id, entry);
      own.set(record.label, entry);
      entry.runs.add(run.id);
    }
    for (const cell of run.cells) {
      const { cells } = own.get(cell.trainer)!;
      const named = { ...cell, order: names.get(cell.order)! };
      if (cells.get(placeOf(named))?.matrix !== undefined) continue;
      cells.set(placeOf(named), {
        ...named,
        matrix: matrices[cell.id],
        cost: costs[cell.id],
        curves: curves?.[cell.id],
      });
    }
  }
  return [...entries.values()];
}

/** The set of cells that most entries were planned on; of several, the largest. */
function commonGrid(entries: readonly Entry[]): { order: string; seed: number }[] {
  const groups = [...groupBy(entries, ({ cells }) => [...cells.keys()].sort().join("\n")).values()];
  const [best] = groups.sort((a, b) => b.length - a.length || b[0]!.cells.size - a[0]!.cells.size);
  return [...best![0]!.cells.values()].map(({ order, seed }) => ({ order, seed }));
}

/** A label that several entries share gets the name of the model behind it; where that does not part them, their id. */
function uniqueLabels(entries: readonly Entry[]): Map<Entry, string> {
  const labels = new Map<Entry, string>();
  for (const alike of groupBy(entries, ({ record }) => record.label).values()) {
    const names = modelNames(alike.map(({ model }) => model.reference));
    for (const [index, entry] of alike.entries()) {
      const { label } = entry.record;
      const own = names.filter((name) => name === names[index]).length === 1;
      labels.set(
        entry,
        alike.length === 1 ? label : own ? `${label} (${names[index]})` : `${label} ${entry.id.slice(0, 4)}`,
      );
    }
  }
  return labels;
}

function rowsOf(
  entries: readonly Entry[],
  labels: ReadonlyMap<Entry, string>,
  places: readonly { order: string; seed: number }[],
  run: RunRecord,
  metrics: readonly Metric[],
): BoardRow[] {
  const source: LeaderboardSource = {
    directory: "",
    run: { ...run, trainers: [], cells: [] },
    matrices: {},
    costs: {},
    curves: {},
    groups: {},
  };
  const { matrices, costs, curves } = source as {
    matrices: Record<string, MatrixRecord>;
    costs: Record<string, CostRecord>;
    curves: Record<string, CurvesRecord>;
  };
  for (const entry of entries) {
    const trainer = labels.get(entry)!;
    source.run.trainers.push({ ...entry.record, label: trainer });
    (source.groups as Record<string, string>)[trainer] = `${entry.model.digest} ${entry.engine}`;
    for (const { order, seed } of places) {
      const id = `${entry.id} ${placeOf({ order, seed })}`;
      source.run.cells.push({ id, trainer, order, seed });
      const cell = entry.cells.get(placeOf({ order, seed }));
      if (cell?.matrix !== undefined) matrices[id] = { ...cell.matrix, order, trainer };
      if (cell?.cost !== undefined) costs[id] = cell.cost;
      if (cell?.curves !== undefined) curves[id] = cell.curves;
    }
  }
  const byLabel = new Map(entries.map((entry) => [labels.get(entry)!, entry]));
  return buildLeaderboard(source, metrics).leaderboard.map((row) => {
    const entry = byLabel.get(row.trainer)!;
    const { id, record, model, engine, quick, runs } = entry;
    return { ...row, id, record, model, engine, quick, runs: [...runs], results: resultsOf(entry, places) };
  });
}

function resultsOf({ cells }: Entry, places: readonly { order: string; seed: number }[]): BoardCell[] {
  const counted = new Set(places.map(placeOf));
  const score = (matrix: MatrixRecord | undefined) =>
    matrix === undefined ? null : overallPerformance.compute(matrix).value;
  return [
    ...places.map(({ order, seed }) => {
      const cell = cells.get(placeOf({ order, seed }));
      return { id: cell?.id ?? null, order, seed, score: score(cell?.matrix), counted: true };
    }),
    ...[...cells.values()]
      .filter((cell) => !counted.has(placeOf(cell)))
      .map(({ id, order, seed, matrix }) => ({ id, order, seed, score: score(matrix), counted: false })),
  ];
}
