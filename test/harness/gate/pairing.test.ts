import { expect, test } from "vitest";
import { measureOf, noSuite } from "../../../harness/gate/measures.js";
import { differencesOf, type Observed, type ObservedSide, pairedBy } from "../../../harness/gate/pairing.js";
import { seedsOf } from "../../../harness/run/plan/seeds.js";
import { matrixOf } from "../metrics/matrix.js";

const op = measureOf("op", noSuite);
const items = 50;

/** One task of 50 items; scores in the order of the grid, orders first. */
function side(
  seeds: readonly number[][],
  scores: readonly number[],
  changes: Partial<ObservedSide> = {},
): ObservedSide {
  const places = seeds.flatMap((own, order) => own.map((seed) => ({ order: `order-${order}`, seed })));
  const cells = places.map(({ order, seed }, place): Observed => {
    const matrix = matrixOf([[0], [scores[place]!]], { order, seed, n: [[items], [items]] });
    return { id: `${order} ${seed} ${scores[place]}`, order, seed, matrix };
  });
  return { cells, deterministic: false, ...changes };
}

const byOrder = ({ byOrder }: ReturnType<typeof differencesOf>) =>
  [...byOrder.values()].map((value) => Number(value.toFixed(9)));

test("nested seeds pair by order and seed, also where one side has more of either", () => {
  const baseline = side(seedsOf(2, 3), [0.5, 0.6, 0.5, 0.6, 0.5, 0.6]);
  const candidate = side(seedsOf(1, 2), [0.6, 0.7]);
  expect(pairedBy(baseline.cells, candidate.cells)).toBe("order and seed");
  expect(byOrder(differencesOf(op, baseline, candidate))).toEqual([0.1, 0.2]);
});

test("a crossed and a nested run share the seeds of the first order alone: they pair by the orders' means", () => {
  const baseline = side(seedsOf([1, 2], 2), [0.5, 0.6, 0.3, 0.4]);
  const candidate = side(seedsOf(2, 2), [0.6, 0.6, 0.5, 0.5]);
  expect(pairedBy(baseline.cells, candidate.cells)).toBe("order");
  expect(byOrder(differencesOf(op, baseline, candidate))).toEqual([0.05, 0.15]);
});

test("the least spread of an order's difference: an item on each side, smaller by the root of the pairs", () => {
  const [baseline, candidate] = [side(seedsOf(2, 2), [0.5, 0.5, 0.5, 0.5]), side(seedsOf(2, 2), [0.6, 0.6, 0.6, 0.6])];
  const least = (before: ObservedSide, now: ObservedSide) => differencesOf(op, before, now).least;
  expect(least(baseline, candidate)).toBeCloseTo((1 / items) * Math.SQRT2 * Math.SQRT1_2, 12);
  const frozen = { ...baseline, deterministic: true };
  expect(least(frozen, candidate)).toBeCloseTo((1 / items) * Math.SQRT1_2, 12);
  expect(least(frozen, { ...candidate, deterministic: true })).toBe(0);
  // cells with the same digest are the same computation
  expect(least(candidate, candidate)).toBe(0);
  const crossed = side(seedsOf([5, 6, 7, 8], 2), Array(8).fill(0.5));
  expect(least(crossed, candidate)).toBeCloseTo((1 / items) * Math.hypot(1 / 2, Math.SQRT1_2), 12);
});

test("rows that repeat one measurement have no backward transfer to vary", () => {
  const rows = [
    [0, 0],
    [0.5, 0.4],
    [0.5, 0.4],
  ];
  const n = rows.map(() => [items, items]);
  const cells = ["a", "b"].map((order) => ({ order, seed: 1, matrix: matrixOf(rows, { order, n }) }));
  const bwt = measureOf("bwt", noSuite);
  const once: ObservedSide = { cells, deterministic: false, repeats: true };
  const other = { ...once, cells: cells.map((cell) => ({ ...cell, seed: 2 })) };
  expect(differencesOf(bwt, once, other).least).toBe(0);
  expect(differencesOf(op, once, other).least).toBeCloseTo(((1 / items) * Math.SQRT2) / Math.SQRT2, 12);
  expect(differencesOf(bwt, { ...once, repeats: false }, other).least).toBeCloseTo((1 / items) * Math.SQRT2, 12);
});
