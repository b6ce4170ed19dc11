import { mean, sum } from "../metrics/definition.js";

/**
 * The adjusted Fisher–Pearson skewness G₁ = g₁ √(n(n−1))/(n−2), with g₁ = m₃/m₂^{3/2} (Joanes and Gill 1998).
 *
 * @returns null for fewer than three values, or where they do not vary.
 */
export function skewness(values: readonly number[]): number | null {
  const n = values.length;
  const center = mean(values);
  const second = sum(values.map((value) => (value - center) ** 2)) / n;
  if (n < 3 || second < 1e-24) return null;
  const third = sum(values.map((value) => (value - center) ** 3)) / n;
  return (Math.sqrt(n * (n - 1)) / (n - 2)) * (third / second ** 1.5);
}

/** Whether a skewness lies lower than about a tenth of normal samples of that size: 1.28 of its standard errors. */
export function leansLeft(skew: number, n: number): boolean {
  return skew < -1.28 * Math.sqrt((6 * n * (n - 1)) / ((n - 2) * (n + 1) * (n + 3)));
}
