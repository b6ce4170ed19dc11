import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { differenceInterval } from "../../../harness/gate/bounds.js";
import { judge } from "../../../harness/gate/judge.js";
import { skewness } from "../../../harness/gate/skewness.js";

describe("a judgment", () => {
  test("by one-sided bounds with t(0.95, 4 degrees of freedom) = 2.131847 of the tables", () => {
    const differences = [-0.02, 0.01, 0.0, -0.01, -0.03];
    const half = (2.131846786326649 * 0.015811388300841896) / Math.sqrt(5);
    const { low, high, mean } = judge(differences, 0.03);
    expect(mean).toBeCloseTo(-0.01, 12);
    expect(low).toBeCloseTo(-0.01 - half, 9);
    expect(high).toBeCloseTo(-0.01 + half, 9);
    expect(judge(differences, 0.03).verdict).toBe("pass");
    expect(judge(differences, 0.01).verdict).toBe("inconclusive");
    expect(
      judge(
        differences.map((value) => value - 0.05),
        0.03,
      ).verdict,
    ).toBe("fail");
  });

  test("fewer than three orders are inconclusive, and say how many are lacking", () => {
    expect(judge([0, 0], 0.1)).toMatchObject({ verdict: "inconclusive", furtherOrders: 1, low: null });
    expect(judge([], 0.1)).toMatchObject({ verdict: "inconclusive", furtherOrders: 3, mean: null });
  });

  test("differences that do not vary are compared exactly: no change passes a margin of nothing", () => {
    expect(judge([0, 0, 0], 0)).toMatchObject({ verdict: "pass", low: 0, high: 0 });
    expect(judge([-0.1, -0.1, -0.1], 0.1).verdict).toBe("pass");
    expect(judge([-0.11, -0.11, -0.11], 0.1).verdict).toBe("fail");
  });

  test("the further orders decide, were mean and spread to stay", () => {
    const value = fc.double({ min: -0.2, max: 0.2, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 3, maxLength: 8 }), (differences) => {
        const { verdict, furtherOrders } = judge(differences, 0.05);
        if (verdict !== "inconclusive" || furtherOrders === null) return;
        // the same sample over and over has the same mean and a spread that is no larger
        const copies = Math.ceil((differences.length + furtherOrders) / differences.length);
        expect(judge(Array.from({ length: copies }, () => differences).flat(), 0.05).verdict).not.toBe("inconclusive");
      }),
    );
  });

  test("a wider margin never turns a pass into anything else, nor a better candidate", () => {
    const value = fc.double({ min: -1, max: 1, noNaN: true });
    const margin = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 3, maxLength: 8 }), margin, margin, (differences, least, more) => {
        if (judge(differences, least).verdict !== "pass") return;
        expect(judge(differences, least + more).verdict).toBe("pass");
        expect(
          judge(
            differences.map((difference) => difference + more),
            least,
          ).verdict,
        ).toBe("pass");
      }),
    );
  });

  test("warns where the differences lean to the left", () => {
    expect(judge([0.02, 0.03, 0.02, 0.01, -0.3], 0.5).warning).toContain("lean to the left");
    expect(judge([-0.02, -0.03, -0.02, -0.01, 0.3], 0.5).warning).toBeUndefined();
  });
});

test("skewness: m₂ = 10 and m₃ = 36 of five values, corrected by √20/3, are 1.2 √2", () => {
  expect(skewness([1, 2, 3, 4, 10])).toBeCloseTo(1.2 * Math.SQRT2, 12);
  expect(skewness([1, 2])).toBeNull();
  expect(skewness([1, 1, 1])).toBeNull();
});

test("the interval is Student's up to ten orders and the bootstrap's above", () => {
  const values = Array.from({ length: 11 }, (_, index) => (index % 3) / 10);
  expect(differenceInterval([0.5])).toBeNull();
  const student = differenceInterval(values.slice(0, 10))!;
  const bootstrap = differenceInterval(values)!;
  expect(bootstrap.low).toBeGreaterThan(Math.min(...values));
  expect(bootstrap.high).toBeLessThan(Math.max(...values));
  expect(Math.abs(bootstrap.high - student.high)).toBeLessThan(0.03);
  expect(differenceInterval(values)).toEqual(bootstrap);
});
