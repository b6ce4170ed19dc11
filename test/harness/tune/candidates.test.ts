import fc from "fast-check";
import { expect, test } from "vitest";
import type { SearchSpace } from "../../../harness/contract/trainer.js";
import { drawCandidates } from "../../../harness/tune/candidates.js";

const defaults = { rate: 1e-3, items: 6, inner: { form: "a" }, other: "stays" };
const space: SearchSpace = {
  rate: { low: 1e-4, high: 1e-1, scale: "log" },
  items: { low: 2, high: 24, scale: "linear", integer: true },
  "inner.form": { values: ["a", "b", "c"] },
};

test("every candidate lies in the space, is drawn once, and leaves other options as they are", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 30 }), (seed, count) => {
      const drawn = drawCandidates(defaults, space, count, seed);
      expect(drawn).toHaveLength(count);
      expect(new Set(drawn.map(({ values }) => JSON.stringify(values))).size).toBe(count);
      expect(drawn[0]).toMatchObject({ label: "c00", options: defaults, distance: 0 });
      for (const { values, options, distance } of drawn) {
        const { rate, items, inner, other } = options as typeof defaults;
        expect(values).toEqual({ rate, items, "inner.form": inner.form });
        expect(rate).toBeGreaterThanOrEqual(1e-4);
        expect(rate).toBeLessThanOrEqual(1e-1);
        expect(Number.isInteger(items) && items >= 2 && items <= 24).toBe(true);
        expect(["a", "b", "c"]).toContain(inner.form);
        expect(other).toBe("stays");
        expect(distance >= 0 && distance <= 1).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});

test("the same seed draws the same, more of them begin with the fewer, another seed draws others", () => {
  const ten = drawCandidates(defaults, space, 10, 5);
  expect(drawCandidates(defaults, space, 4, 5)).toEqual(ten.slice(0, 4));
  expect(drawCandidates(defaults, space, 10, 6)).not.toEqual(ten);
});

test("a logarithmic scale gives each decade its share", () => {
  const rates = drawCandidates(defaults, { rate: space.rate! }, 300, 1).map(({ values }) => values.rate as number);
  for (const low of [1e-4, 1e-3, 1e-2]) {
    const share = rates.filter((rate) => rate >= low && rate < 10 * low).length / rates.length;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.42);
  }
});

test("a space that is exhausted gives what it holds", () => {
  expect(drawCandidates(defaults, { "inner.form": space["inner.form"]! }, 12, 1)).toHaveLength(3);
});
