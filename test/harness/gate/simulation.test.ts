import { describe, expect, test } from "vitest";
import { random } from "../../../harness/contract/random.js";
import { bootstrapBounds } from "../../../harness/gate/bootstrap.js";
import { judge } from "../../../harness/gate/judge.js";
import { holm, pairedPValue } from "../../../harness/metrics/statistics/statistics.js";
import { monteCarloError, noise } from "../../bench/gate/noise.js";

const heavyTails = ["laplace", "student t3"];

/** Shares of the verdicts on candidates that differ from the baseline by `shift`, with noise of standard deviation 1. */
function gates(kind: string, orders: number, shift: number, margin: number, trials = 4000) {
  const stream = random({ seed: 1, stream: kind, item: orders });
  const counts = { pass: 0, fail: 0, inconclusive: 0, warned: 0 };
  for (let trial = 0; trial < trials; trial++) {
    const { verdict, warning } = judge(
      Array.from({ length: orders }, () => noise[kind]!(stream) + shift),
      { margin, least: null },
    );
    counts[verdict] += 1 / trials;
    if (warning !== undefined) counts.warned += 1 / trials;
  }
  return { ...counts, error: 3 * monteCarloError(0.05, trials) };
}

describe("the gate on a candidate that is worse by exactly the margin", () => {
  test.each([3, 5, 10])(
    "Gaussian noise, %i orders: passes and fails one in twenty each, within Monte-Carlo error",
    (orders) => {
      const { pass, fail, error } = gates("gaussian", orders, -1, 1);
      expect(Math.abs(pass - 0.05)).toBeLessThan(error);
      expect(Math.abs(fail - 0.05)).toBeLessThan(error);
    },
  );

  test.each(heavyTails.flatMap((kind) => [3, 5, 10].map((orders) => ({ kind, orders }))))(
    "$kind noise, $orders orders: at most 5% false passes",
    ({ kind, orders }) => {
      const { pass, error } = gates(kind, orders, -1, 1);
      expect(pass).toBeLessThan(0.05 + error);
    },
  );

  test("left-skewed noise passes more often than promised, and the warning is commoner there", () => {
    const { pass, warned } = gates("left-skewed", 10, -1, 1);
    expect(pass).toBeGreaterThan(0.1);
    expect(warned).toBeGreaterThan(2 * gates("gaussian", 10, -1, 1).warned);
  });
});

test.each([
  { distance: 0.5, orders: 27 },
  { distance: 0.75, orders: 13 },
  { distance: 1, orders: 8 },
  { distance: 1.5, orders: 5 },
  { distance: 2, orders: 4 },
])("$orders orders decide a distance of $distance standard deviations with 80% power", ({ distance, orders }) => {
  const { pass, error } = gates("gaussian", orders, 0, distance);
  expect(pass).toBeGreaterThan(0.8 - error);
});

describe.each(["gaussian", ...heavyTails])("on %s noise", (kind) => {
  const trials = 2000;
  const limit = 0.05 + 3 * monteCarloError(0.05, trials);
  const stream = random({ seed: 3, stream: kind });
  const draw = (count: number, shift = 0) => Array.from({ length: count }, () => noise[kind]!(stream) + shift);
  const share = (happens: () => boolean) => Array.from({ length: trials }, happens).filter(Boolean).length / trials;

  test("a gate that extends itself once, half of the error at each look, keeps the promise", () => {
    const passes = share(() => {
      const differences = draw(10, -1);
      const first = judge(differences.slice(0, 3), { margin: 1, least: null, alpha: 0.025 });
      if (first.verdict !== "inconclusive") return first.verdict === "pass";
      return (
        judge(differences.slice(0, 3 + (first.furtherOrders ?? 7)), { margin: 1, least: null, alpha: 0.025 })
          .verdict === "pass"
      );
    });
    expect(passes).toBeLessThan(limit);
  });

  test("eight metrics without any difference: one is called better or worse in at most one comparison of twenty", () => {
    const claims = share(() => {
      const common = draw(5);
      const pValues = Array.from(
        { length: 8 },
        () =>
          pairedPValue(
            draw(5).map((own, order) => own + common[order]!),
            null,
          )!,
      );
      return holm(pValues).some((p) => p <= 0.05);
    });
    expect(claims).toBeLessThan(limit);
  });
});

describe("the BCa bootstrap over a dozen orders, 2.5% in each tail", () => {
  const misses = (kind: string, trials = 800) => {
    const stream = random({ seed: 2, stream: kind });
    const counts = { above: 0, below: 0 };
    for (let trial = 0; trial < trials; trial++) {
      const { low, high } = bootstrapBounds(
        Array.from({ length: 12 }, () => noise[kind]!(stream)),
        0.025,
      );
      if (low > 0) counts.above += 1 / trials;
      if (high < 0) counts.below += 1 / trials;
    }
    return counts;
  };

  test("is nominal within Monte-Carlo error on Gaussian noise", () => {
    const { above, below } = misses("gaussian");
    expect(Math.abs(above - 0.025)).toBeLessThan(3 * monteCarloError(0.025, 800));
    expect(Math.abs(below - 0.025)).toBeLessThan(3 * monteCarloError(0.025, 800));
  });

  test.each(heavyTails)("claims a gain that is none in at most one of twenty samples of %s noise", (kind) => {
    expect(misses(kind).above).toBeLessThan(0.05 + 3 * monteCarloError(0.05, 800));
  });
});
