import { describe, expect, test } from "vitest";
import { bettingEvidence, enoughEvidence, ordersToEnough } from "../../../harness/gate/betting.js";
import { judge } from "../../../harness/gate/judge.js";
import { passesAtSomeLook, spending } from "../../bench/gate/looks.js";
import { coverage } from "../../bench/gate/nested-seeds.js";
import { monteCarloError, rareFalls } from "../../bench/gate/noise.js";
import { passesByBetting, passesByStudent } from "../../bench/gate/worst-fall.js";

describe("looks at 3, 5, 8 and 12 orders", () => {
  test.each(["gaussian", "laplace", "student t3"])("%s noise: at most 5% false passes over all of them", (kind) => {
    const passes = passesAtSomeLook(kind, -1, spending.inProportion, 1500);
    expect(passes).toBeLessThan(0.05 + 3 * monteCarloError(0.05, 1500));
  });

  test("with 5% at each of them a candidate would pass falsely in more than a tenth of the gates", () => {
    expect(passesAtSomeLook("gaussian", -1, spending.whole, 1500)).toBeGreaterThan(0.1);
  });
});

describe("a declared worst fall", () => {
  test("the evidence is a product over orders", () => {
    expect(bettingEvidence([0, -0.01, 0.02], 0.02, 0.05)).toBeCloseTo(1.6 * 1.3 * 2.2, 12);
    expect(bettingEvidence([], 0.02, 0.05)).toBe(1);
    // F = 2δ and no difference: 1.9 an order, so five orders pass
    expect(bettingEvidence([0, 0, 0, 0, 0], 0.02, 0.04)).toBeCloseTo(1.9 ** 5, 9);
    expect(ordersToEnough(1.9 ** 3, 3)).toBe(2);
    expect(ordersToEnough(0.9, 3)).toBeNull();
  });

  test("decides: enough evidence passes, a deeper order fails, a low mean fails, else further orders are named", () => {
    const rule = { margin: 0.02, least: 0.001, worstFall: 0.04 };
    const level = (orders: number, value: number) => Array.from({ length: orders }, () => value);
    expect(judge(level(5, 0), rule)).toMatchObject({ verdict: "pass", evidence: expect.closeTo(1.9 ** 5, 9) });
    expect(judge(level(3, 0), rule)).toMatchObject({ verdict: "inconclusive", furtherOrders: 2 });
    expect(judge([...level(9, 0.02), -0.041], rule)).toMatchObject({
      verdict: "fail",
      reason: "an order fell deeper than the worst fall that was declared",
    });
    expect(judge([-0.03, -0.031, -0.032, -0.03], rule)).toMatchObject({ verdict: "fail" });
    expect(enoughEvidence).toBe(20);
    // earlier looks take nothing from a bet
    expect(judge(level(5, 0), { ...rule, alpha: 0 })).toMatchObject({ verdict: "pass", low: null });
  });

  test.each([2, 3, 5])(
    "F = %iδ, rare deep falls: hardly any false pass over 16 looks, where t has a third",
    (worstFall) => {
      for (const { share, draw } of rareFalls(worstFall, 1)) {
        const passes = passesByBetting(draw, worstFall, 16, `fall ${share}`, 800);
        expect(passes).toBeLessThan(0.039 + 3 * monteCarloError(0.039, 800));
      }
      expect(passesByStudent(rareFalls(worstFall, 1)[1]!.draw, 5, "t", 800)).toBeGreaterThan(0.33);
    },
  );

  test.each([
    [5, 0.57],
    [8, 0.99],
  ])("an unchanged candidate with sd = δ/2 passes by %i orders with probability %f at F = 2δ", (orders, power) => {
    const passes = passesByBetting((stream) => stream.normal() / 2, 2, orders, "power", 1000);
    expect(Math.abs(passes - power)).toBeLessThan(3 * monteCarloError(power, 1000) + 0.01);
  });
});

test.each([
  [3, 0.89],
  [5, 0.79],
  [8, 0.68],
])(
  "the interval of one entry over %i orders covers the truth as promised where orders have their own seeds, else a share of %f",
  (orders, crossed) => {
    const trials = 2000;
    expect(Math.abs(coverage(2, orders, trials) - 0.95)).toBeLessThan(3 * monteCarloError(0.05, trials));
    expect(Math.abs(coverage([1, 2], orders, trials) - crossed)).toBeLessThan(
      3 * monteCarloError(crossed, trials) + 0.01,
    );
  },
);
