import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { differenceInterval } from "../../../harness/gate/bounds.js";
import { judge, type Rule } from "../../../harness/gate/judge.js";
import { skewness } from "../../../harness/gate/skewness.js";

/** A margin where the spread of the orders is all that is known. */
const by = (margin: number): Rule => ({ margin, least: null });

describe("a judgment", () => {
  test("by one-sided bounds with t(0.95, 4 degrees of freedom) = 2.131847 of the tables", () => {
    const differences = [-0.02, 0.01, 0.0, -0.01, -0.03];
    const half = (2.131846786326649 * 0.015811388300841896) / Math.sqrt(5);
    const { low, high, mean } = judge(differences, by(0.03));
    expect(mean).toBeCloseTo(-0.01, 12);
    expect(low).toBeCloseTo(-0.01 - half, 9);
    expect(high).toBeCloseTo(-0.01 + half, 9);
    expect(judge(differences, by(0.03)).verdict).toBe("pass");
    expect(judge(differences, by(0.01)).verdict).toBe("inconclusive");
    expect(
      judge(
        differences.map((value) => value - 0.05),
        by(0.03),
      ).verdict,
    ).toBe("fail");
  });

  test("fewer than three orders are inconclusive, and say how many are lacking", () => {
    expect(judge([0, 0], by(0.1))).toMatchObject({ verdict: "inconclusive", furtherOrders: 1, low: null });
    expect(judge([], by(0.1))).toMatchObject({ verdict: "inconclusive", furtherOrders: 3, mean: null });
  });

  test("sides that cannot vary are compared exactly: no change passes a margin of nothing", () => {
    const exactly = (margin: number): Rule => ({ margin, least: 0 });
    expect(judge([0, 0, 0], exactly(0))).toMatchObject({ verdict: "pass", low: 0, high: 0 });
    expect(judge([-0.1, -0.1, -0.1], exactly(0.1)).verdict).toBe("pass");
    expect(judge([-0.11, -0.11, -0.11], exactly(0.1)).verdict).toBe("fail");
  });

  test("equal differences of sides that can vary are no proof: an item more or less is the least spread", () => {
    const rule: Rule = { margin: 0.02, least: 0.02 };
    const half = (2.919985580353726 * 0.02) / Math.sqrt(3); // t(0.95, 2 degrees of freedom)
    const { verdict, low, high } = judge([-0.02, -0.02, -0.02], rule);
    expect(verdict).toBe("inconclusive");
    expect(low).toBeCloseTo(-0.02 - half, 9);
    expect(high).toBeCloseTo(-0.02 + half, 9);
    expect(judge([0, 0, 0], { ...rule, margin: 0 }).verdict).toBe("inconclusive");
    expect(judge([0, 0, 0], { ...rule, margin: 1.01 * half }).verdict).toBe("pass");
    expect(judge([0, 0, 0], by(1))).toMatchObject({ verdict: "inconclusive", furtherOrders: null, mean: 0, low: null });
  });

  test("the further orders decide, were mean and spread to stay", () => {
    const value = fc.double({ min: -0.2, max: 0.2, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 3, maxLength: 8 }), (differences) => {
        const { verdict, furtherOrders } = judge(differences, by(0.05));
        if (verdict !== "inconclusive" || furtherOrders === null) return;
        // the same sample over and over has the same mean and a spread that is no larger
        const copies = Math.ceil((differences.length + furtherOrders) / differences.length);
        expect(judge(Array.from({ length: copies }, () => differences).flat(), by(0.05)).verdict).not.toBe(
          "inconclusive",
        );
      }),
    );
  });

  test("a wider margin never turns a pass into anything else, nor a better candidate", () => {
    const value = fc.double({ min: -1, max: 1, noNaN: true });
    const margin = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 3, maxLength: 8 }), margin, margin, (differences, least, more) => {
        if (judge(differences, by(least)).verdict !== "pass") return;
        expect(judge(differences, by(least + more)).verdict).toBe("pass");
        expect(
          judge(
            differences.map((difference) => difference + more),
            by(least),
          ).verdict,
        ).toBe("pass");
      }),
    );
  });

  test("warns where the differences lean to the left", () => {
    expect(judge([0.02, 0.03, 0.02, 0.01, -0.3], by(0.5)).warning).toContain("lean to the left");
    expect(judge([-0.02, -0.03, -0.02, -0.01, 0.3], by(0.5)).warning).toBeUndefined();
  });
});

test("skewness: m₂ = 10 and m₃ = 36 of five values, corrected by √20/3, are 1.2 √2", () => {
  expect(skewness([1, 2, 3, 4, 10])).toBeCloseTo(1.2 * Math.SQRT2, 12);
  expect(skewness([1, 2])).toBeNull();
  expect(skewness([1, 1, 1])).toBeNull();
});

test("the interval is Student's up to ten orders and the bootstrap's above", () => {
  const values = Array.from({ length: 11 }, (_, index) => (index % 3) / 10);
  expect(differenceInterval([0.5], 0)).toBeNull();
  const student = differenceInterval(values.slice(0, 10), null)!;
  const bootstrap = differenceInterval(values, null)!;
  expect(bootstrap.low).toBeGreaterThan(Math.min(...values));
  expect(bootstrap.high).toBeLessThan(Math.max(...values));
  expect(Math.abs(bootstrap.high - student.high)).toBeLessThan(0.03);
  expect(differenceInterval(values, null)).toEqual(bootstrap);
});

test("the interval of differences that vary less than they must is Student's with the least spread", () => {
  const half = (2.2009851600916384 * 0.02) / Math.sqrt(12); // t(0.975, 11 degrees of freedom)
  const { low, high } = differenceInterval(
    Array.from({ length: 12 }, () => 0.1),
    0.02,
  )!;
  expect(low).toBeCloseTo(0.1 - half, 9);
  expect(high).toBeCloseTo(0.1 + half, 9);
  expect(differenceInterval([0.1, 0.1], null)).toBeNull();
  expect(differenceInterval([0.1, 0.1], 0)).toEqual({ low: 0.1, high: 0.1 });
});
