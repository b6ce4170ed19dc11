import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Baseline } from "../../../harness/gate/baseline.js";
import type { Entry } from "../../../harness/gate/entry.js";
import { type Look, type LookPlan, planLook, readLooks, recordLook } from "../../../harness/gate/looks.js";
import { newDirectory } from "../../files.js";
import { matrixOf } from "../metrics/matrix.js";

const shared = { suite: { digest: "s" }, model: { digest: "m" }, numerics: "n" };
const trainer = { name: "method", version: 1, options: {} };

function cells(orders: number, sample: string) {
  return Array.from({ length: orders }, (_, order) => {
    const place = { order: `order-${order}`, seed: 1 };
    return { id: `${sample} ${order}`, ...place, matrix: matrixOf([[0], [0.5]], place) };
  });
}

const baselineOf = (orders: number) =>
  ({ ...shared, trainer, version: 1, cells: cells(orders, "baseline") }) as unknown as Baseline;
const candidateOf = (orders: number, sample: string, options = {}) =>
  ({ run: shared, trainer: { ...trainer, options }, cells: cells(orders, sample), missing: [] }) as unknown as Entry;

/** The looks after one more that found nothing. */
const after = (looks: readonly Look[], { comparison, evidence, orders, alpha, seen }: LookPlan): Look[] =>
  seen
    ? [...looks]
    : [
        ...looks,
        {
          at: "2026-01-01",
          by: "Ada",
          version: 1,
          comparison,
          evidence,
          orders,
          alpha,
          margins: {},
          verdict: "inconclusive",
        },
      ];

test("the error is spent in proportion to the orders: 3, 5, 8 and 12 of 12 have 1.25, 0.83, 1.25 and 1.67%", () => {
  const baseline = baselineOf(12);
  let looks: Look[] = [];
  const spent = [3, 5, 8, 12].map((orders) => {
    const plan = planLook(looks, baseline, candidateOf(orders, "a"), undefined);
    looks = after(looks, plan);
    return plan.alpha;
  });
  [0.05 * (3 / 12), 0.05 * (2 / 12), 0.05 * (3 / 12), 0.05 * (4 / 12)].forEach((alpha, look) => {
    expect(spent[look]).toBeCloseTo(alpha, 12);
  });
});

test("one look at all orders that there are, or were declared, has the whole error", () => {
  expect(planLook([], baselineOf(5), candidateOf(5, "a"), undefined).alpha).toBeCloseTo(0.05, 12);
  expect(planLook([], baselineOf(12), candidateOf(5, "a"), 5).alpha).toBeCloseTo(0.05, 12);
  expect(planLook([], baselineOf(5), candidateOf(12, "a"), 20)).toMatchObject({ orders: 5, mostOrders: 5 });
});

test("the same cells are no new look, nor are the baseline's own; another candidate has an error of its own", () => {
  const baseline = baselineOf(6);
  const first = planLook([], baseline, candidateOf(3, "a"), undefined);
  const looks = after([], first);
  expect(planLook(looks, baseline, candidateOf(3, "a"), undefined)).toMatchObject({
    seen: true,
    number: 1,
    alpha: first.alpha,
  });
  expect(planLook(looks, baseline, candidateOf(3, "b"), undefined)).toMatchObject({ seen: false, number: 2, alpha: 0 });
  expect(planLook(looks, baseline, candidateOf(3, "c", { rate: 1 }), undefined)).toMatchObject({
    number: 1,
    alpha: first.alpha,
  });
  expect(planLook(looks, baseline, { ...candidateOf(6, "baseline") }, undefined).seen).toBe(true);
});

test("no sequence of looks spends more than 5%, whatever is declared meanwhile", () => {
  const step = fc.record({
    orders: fc.integer({ min: 1, max: 14 }),
    blessed: fc.integer({ min: 3, max: 14 }),
    most: fc.option(fc.integer({ min: 3, max: 20 }), { nil: undefined }),
    sample: fc.constantFrom("a", "b", "c"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let looks: Look[] = [];
      for (const { orders, blessed, most, sample } of steps) {
        const plan = planLook(looks, baselineOf(blessed), candidateOf(orders, sample), most);
        for (const more of [1, 3, 20]) expect(plan.alphaAt(orders + more)).toBeLessThanOrEqual(0.05);
        looks = after(looks, plan);
      }
      expect(looks.reduce((sum, { alpha }) => sum + alpha, 0)).toBeLessThanOrEqual(0.05 + 1e-12);
    }),
  );
});

test("the log keeps what is added, and a damaged line is refused with its place", () => {
  const directory = newDirectory();
  expect(readLooks(directory, "main")).toEqual([]);
  const [look] = after([], planLook([], baselineOf(3), candidateOf(3, "a"), undefined));
  recordLook(directory, "main", look!);
  recordLook(directory, "main", look!);
  expect(readLooks(directory, "main")).toEqual([look, look]);
  mkdirSync(join(directory, "other"), { recursive: true });
  for (const line of [
    "no JSON",
    "null",
    JSON.stringify({ ...look, alpha: 0.5 }),
    JSON.stringify({ ...look, alpha: -1 }),
  ]) {
    writeFileSync(join(directory, "other", "looks.jsonl"), `${JSON.stringify(look)}\n${line}\n`);
    expect(() => readLooks(directory, "other")).toThrow(
      expect.objectContaining({ code: "DATA_INVALID", at: expect.objectContaining({ line: 2 }) }),
    );
  }
});
