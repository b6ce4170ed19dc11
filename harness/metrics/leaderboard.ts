import { weakestIsolation } from "../contract/isolation.js";
import type { Metric, MetricValue } from "../contract/metric.js";
import type {
  CellRecord,
  CostRecord,
  CurvesRecord,
  Estimate,
  Leaderboard,
  LeaderboardRow,
  MatrixRecord,
  RunRecord,
  TrainerRecord,
} from "../contract/result.js";
import { builtInMetrics, overallPerformance } from "./catalog.js";
import { meanCost } from "./cost.js";
import { itemStandardError } from "./item-error.js";
import { orderSensitivity } from "./order-sensitivity.js";
import { type RankedEntry, rankIntervals } from "./ranks.js";
import { type Observation, orderMeans, placeOf, runsPerOrder, seedsPerOrder } from "./statistics/clusters.js";
import { itemSpread, type LeastSpread } from "./statistics/least-spread.js";
import { standardDeviation, tInterval } from "./statistics/statistics.js";

/** What a leaderboard is made of: a run as stored, matrices and costs by cell id, finished cells only. */
export interface LeaderboardSource {
  directory: string;
  run: RunRecord;
  matrices: Readonly<Record<string, MatrixRecord>>;
  costs: Readonly<Record<string, CostRecord>>;
  /** Of the cells that were measured within tasks. */
  curves?: Readonly<Record<string, CurvesRecord>>;
  /** Where trainers are not all of one model: the group of each label. Joint training is the reference of its own group. */
  groups?: Readonly<Record<string, string>>;
}

interface Entry {
  trainer: TrainerRecord;
  planned: CellRecord[];
  matrices: MatrixRecord[];
  costs: CostRecord[];
  /** In the order of the matrices. */
  curves: (CurvesRecord | undefined)[];
  /** Overall performance of each finished run. */
  performance: Observation[];
}

/**
 * One row for each trainer: every metric's mean with a 95% interval over orders (seeds averaged within an order), cost,
 * and the range of ranks on overall performance. Rows are sorted by overall performance, the best first; rows with missing
 * runs are not ranked.
 *
 * @param metrics the built-in ones without it.
 */
export function buildLeaderboard(source: LeaderboardSource, metrics: readonly Metric[] = builtInMetrics): Leaderboard {
  const { run } = source;
  const entries = run.trainers.map((trainer) => entryOf(trainer, source));
  const groupOf = ({ trainer }: Entry) => source.groups?.[trainer.label];
  const joint = new Map<string | undefined, JointMatrices>();
  for (const entry of entries) {
    if (entry.trainer.schedule !== "joint" || joint.has(groupOf(entry))) continue;
    joint.set(groupOf(entry), new Map(entry.matrices.map((matrix) => [placeOf(matrix), matrix])));
  }
  const complete = entries.filter(({ planned, performance }) => performance.length === planned.length);
  const ranks = complete.length > 1 ? rankIntervals(complete.map(rankedEntry)) : undefined;

  const rows = entries.map((entry): LeaderboardRow => {
    const { trainer, planned, matrices, costs } = entry;
    const isolation = weakestIsolation(costs.map((cost) => cost.isolation));
    const rank = ranks?.[complete.indexOf(entry)] ?? null;
    const row: LeaderboardRow = {
      trainer: trainer.label,
      metrics: estimates(entry, joint.get(groupOf(entry)), metrics),
      rank,
      cost: meanCost(costs),
      privileges: trainer.privileges,
      ...(isolation !== undefined && { isolation }),
      cells: { done: matrices.length, planned: planned.length },
    };
    if (rank === null) row.rankReason = whyUnranked(entry, complete.length, run.orders.length);
    return row;
  });
  const performanceOf = (row: LeaderboardRow) => row.metrics.op!.mean ?? -1;
  const { name, version, digest, scoring } = run.suite;
  return {
    schema: "leaderboard@1",
    runDirectory: source.directory,
    suite: { name, version, digest, ...(scoring === undefined ? {} : { scoring }) },
    orders: run.orders.length,
    seeds: seedsPerOrder(run.cells),
    leaderboard: rows.sort((a, b) => performanceOf(b) - performanceOf(a)),
  };
}

function entryOf(trainer: TrainerRecord, { run, matrices, costs, curves = {} }: LeaderboardSource): Entry {
  const planned = run.cells.filter((cell) => cell.trainer === trainer.label);
  const done = planned.filter(({ id }) => matrices[id] !== undefined);
  const finished = done.map(({ id }) => matrices[id]!);
  return {
    trainer,
    planned,
    matrices: finished,
    costs: done.flatMap(({ id }) => costs[id] ?? []),
    curves: done.map(({ id }) => curves[id]),
    performance: finished.flatMap((matrix) => {
      const { value } = overallPerformance.compute(matrix);
      return value === null ? [] : [{ order: matrix.order, seed: matrix.seed, value }];
    }),
  };
}

function rankedEntry({ trainer, matrices, performance }: Entry): RankedEntry {
  const least = trainer.deterministic === true ? 0 : itemSpread(overallPerformance.compute, matrices[0]!);
  return { runs: performance, least };
}

/** Matrices of joint training by order and seed. */
type JointMatrices = ReadonlyMap<string, MatrixRecord>;

/** Every metric over the runs of a trainer, and the two order sensitivities. */
function estimates(
  { trainer, matrices, curves }: Entry,
  joint: JointMatrices | undefined,
  metrics: readonly Metric[],
): Record<string, Estimate> {
  const result: Record<string, Estimate> = {};
  for (const { key, compute, needsJoint, needsCurves } of metrics) {
    const values = matrices.map((matrix, cell) => compute(matrix, joint?.get(placeOf(matrix)), curves[cell]));
    result[key] = estimate(matrices, values, () => {
      if (needsCurves) return null;
      const first = matrices[0]!;
      // joint training varies, though the trainer does not
      if (trainer.deterministic === true && !needsJoint) return 0;
      return itemSpread((matrix) => compute(matrix, joint?.get(placeOf(first))), first, trainer.schedule === "once");
    });
  }
  const itemError = itemStandardError(matrices);
  if (itemError !== null) result.op!.itemError = itemError;

  const sensitivity = orderSensitivity(matrices);
  const orders = new Set(matrices.map(({ order }) => order)).size;
  result.orderSensitivity = single(sensitivity?.average, orders);
  result.orderSensitivityMax = single(sensitivity?.maximum, orders);
  return result;
}

/** @param least of one run's value. */
function estimate(
  matrices: readonly MatrixRecord[],
  values: readonly MetricValue[],
  least: () => LeastSpread,
): Estimate {
  const lacking = values.find(({ value }) => value === null);
  if (values.length === 0 || lacking !== undefined) {
    return { mean: null, low: null, high: null, n: 0, reason: lacking?.reason ?? "no run has finished" };
  }
  const runs = matrices.map(({ order, seed }, cell): Observation => ({ order, seed, value: values[cell]!.value! }));
  const means = [...orderMeans(runs).values()];
  if (means.length < 2) {
    const varies = runs.length > 1 && least() !== 0;
    const deviation = varies ? { seedDeviation: standardDeviation(runs.map(({ value }) => value)) } : {};
    return { ...tInterval(means, null), ...deviation, reason: oneOrder };
  }
  const single = least();
  const interval = tInterval(means, single && single / Math.sqrt(runsPerOrder(runs)));
  return interval.low === null ? { ...interval, reason: sameOrders } : interval;
}

const oneOrder = "one task order gives no interval: run with --orders 3";
const sameOrders = "the orders do not differ, and how much they could by chance is unknown";

/** A number about all orders together, which has no interval. */
function single(value: number | undefined, orders: number): Estimate {
  const reason = value === undefined ? "it needs the final scores of at least two task orders" : "it compares orders";
  return { mean: value ?? null, low: null, high: null, n: orders, reason };
}

function whyUnranked({ performance, planned }: Entry, complete: number, orders: number): string {
  if (performance.length < planned.length) return `${performance.length} of ${planned.length} runs have a final row`;
  if (complete < 2) return "there is no other complete entry to compare with";
  return orders < 2 ? "one task order separates nothing: run with --orders 3" : "it has runs in one order only";
}
