import fc from "fast-check";
import { expect, test } from "vitest";
import { fallProbability } from "../../../harness/metrics/statistics/sign-test.js";

const pairs = (fell: number, rose: number, equal = 0): [number, number][] => [
  ...Array.from({ length: fell }, (): [number, number] => [1, 0]),
  ...Array.from({ length: rose }, (): [number, number] => [0, 1]),
  ...Array.from({ length: equal }, (): [number, number] => [1, 1]),
];

test("is McNemar's exact one-sided test", () => {
  // binomtest(fell, fell + rose, 0.5, alternative="greater").pvalue of scipy
  expect(fallProbability(pairs(1, 0, 31))).toBeCloseTo(0.5, 12);
  expect(fallProbability(pairs(5, 0))).toBeCloseTo(1 / 32, 12);
  expect(fallProbability(pairs(9, 2))).toBeCloseTo(0.0327148437, 9);
  expect(fallProbability(pairs(10, 10))).toBeCloseTo(0.588098526, 9);
  expect(fallProbability(pairs(0, 7))).toBe(1);
  expect(fallProbability([])).toBe(1);
});

test("is the sum of the binomial's tail, whatever stays equal", () => {
  const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
  fc.assert(
    fc.property(fc.nat(20), fc.nat(20), fc.nat(20), (fell, rose, equal) => {
      const n = fell + rose;
      const tail = Array.from({ length: rose + 1 }, (_, index) => choose(n, fell + index)).reduce((a, b) => a + b, 0);
      expect(fallProbability(pairs(fell, rose, equal))).toBeCloseTo(tail / 2 ** n, 9);
    }),
  );
});
