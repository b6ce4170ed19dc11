import { type RandomStream, random } from "../../../harness/contract/random.js";
import type { MatrixRecord } from "../../../harness/contract/result.js";
import { comparedByDefault, compareMeasures } from "../../../harness/gate/compare.js";
import { judge } from "../../../harness/gate/judge.js";
import { finalMeasures, type Measure, metricMeasures } from "../../../harness/gate/measures.js";
import { differencesOf, type ObservedSide } from "../../../harness/gate/pairing.js";
import { rankIntervals } from "../../../harness/metrics/ranks.js";
import { itemSpread } from "../../../harness/metrics/statistics/least-spread.js";
import { matrixOf } from "../../harness/metrics/matrix.js";
import { percent, type Table } from "./table.js";

const [tasks, items, entries] = [8, 50, 7];
const names = Array.from({ length: tasks }, (_, index) => `task-${index}`);
const overall = metricMeasures().find(({ key }) => key === "op")!;
const compared = [
  ...metricMeasures().filter(({ key }) => comparedByDefault.includes(key)),
  ...finalMeasures({ tasks: names, probes: [] }),
];

/** Something that should hardly ever happen over so many orders, and whether it did in one simulated comparison. */
export interface FalseVerdict {
  name: string;
  happens(stream: RandomStream, orders: number): boolean;
}

/**
 * Counts of items that are equal by chance, taken for proof: 8 tasks × 50 items, one seed an order.
 *
 * - compare: two entries that do not differ, and any of the 16 rows says better or worse;
 * - ranks: seven entries that do not differ, and any of them has not all places open;
 * - gate: a baseline with all answers right, a candidate worse by exactly the margin of 0.02, judged by one task or by OP.
 */
export const falseVerdicts: readonly FalseVerdict[] = [
  ...[0.7, 0.95].flatMap((share): FalseVerdict[] => [
    {
      name: `compare, ${percent(share, 0)} right`,
      happens: (stream, orders) => claimsDifference(stream, share, orders),
    },
    { name: `ranks, ${percent(share, 0)} right`, happens: (stream, orders) => separatesEquals(stream, share, orders) },
  ]),
  { name: "gate, one task", happens: (stream, orders) => passesAtMargin(stream, compared.at(-1)!, orders) },
  { name: "gate, OP", happens: (stream, orders) => passesAtMargin(stream, overall, orders) },
];

/** The share of comparisons with a false verdict. */
export function shareOf({ name, happens }: FalseVerdict, orders: number, trials: number): number {
  const stream = random({ seed: 1, stream: name, item: orders });
  return Array.from({ length: trials }, () => happens(stream, orders)).filter(Boolean).length / trials;
}

export function discreteness(orders: readonly number[], trials: number): Table {
  return {
    head: ["orders", ...falseVerdicts.map(({ name }) => name)],
    rows: orders.map((count) => [
      String(count),
      ...falseVerdicts.map((verdict) => percent(shareOf(verdict, count, trials))),
    ]),
  };
}

const learner = (stream: RandomStream, share: number, orders: number): ObservedSide => ({
  deterministic: false,
  cells: Array.from({ length: orders }, (_, order) => ({
    order: `order-${order}`,
    seed: 1,
    matrix: simulated(() => count(stream, share) / items),
  })),
});

function claimsDifference(stream: RandomStream, share: number, orders: number): boolean {
  const [baseline, candidate] = [learner(stream, share, orders), learner(stream, share, orders)];
  const rows = compareMeasures(compared, baseline, candidate);
  return rows.some(({ verdict }) => verdict === "better" || verdict === "worse");
}

function separatesEquals(stream: RandomStream, share: number, orders: number): boolean {
  const ranked = Array.from({ length: entries }, () => {
    const { cells } = learner(stream, share, orders);
    const runs = cells.map(({ order, seed, matrix }) => ({ order, seed, value: overall.compute(matrix).value! }));
    return { runs, least: itemSpread((matrix) => overall.compute(matrix), cells[0]!.matrix) };
  });
  return rankIntervals(ranked)!.some(({ best, worst }) => best > 1 || worst < entries);
}

function passesAtMargin(stream: RandomStream, measure: Measure, orders: number): boolean {
  const margin = 0.02;
  const [baseline, candidate] = [learner(stream, 1, orders), learner(stream, 1 - margin, orders)];
  const { byOrder, least } = differencesOf(measure, baseline, candidate);
  return judge([...byOrder.values()], { margin, least }).verdict === "pass";
}

function count(stream: RandomStream, share: number): number {
  let right = 0;
  for (let item = 0; item < items; item++) if (stream.uniform() < share) right += 1;
  return right;
}

function simulated(score: () => number): MatrixRecord {
  const table = (value: (row: number) => number) =>
    Array.from({ length: tasks + 1 }, (_, row) => names.map(() => value(row)));
  const rows = table((row) => (row === 0 ? 0 : score()));
  return matrixOf(rows, { trainer: "simulated", order: "", tasks: names, n: table(() => items) });
}
