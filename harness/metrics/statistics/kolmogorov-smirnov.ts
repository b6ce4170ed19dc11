/**
 * The two-sample Kolmogorov–Smirnov test: the largest distance D of the two empirical distribution functions, and the
 * probability of at least D for samples of one distribution, by the asymptotic 2·Σ (−1)^(k−1) e^(−2k²λ²) with
 * λ = (√m + 0.12 + 0.11/√m)·D, m = n₁n₂/(n₁+n₂) (Stephens, 1970). Ties make the probability too large, never too small.
 * @throws RangeError where a sample is empty.
 */
export function kolmogorovSmirnov(
  first: readonly number[],
  second: readonly number[],
): { distance: number; probability: number } {
  if (first.length === 0 || second.length === 0) throw new RangeError("Two samples of at least one value");
  const [a, b] = [first, second].map((values) => [...values].sort((x, y) => x - y)) as [number[], number[]];
  let distance = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const value = Math.min(a[i]!, b[j]!);
    while (i < a.length && a[i] === value) i++;
    while (j < b.length && b[j] === value) j++;
    distance = Math.max(distance, Math.abs(i / a.length - j / b.length));
  }
  const root = Math.sqrt((a.length * b.length) / (a.length + b.length));
  return { distance, probability: tail((root + 0.12 + 0.11 / root) * distance) };
}

function tail(lambda: number): number {
  if (lambda < 0.2) return 1; // The series converges slowly there, to 1.
  let sum = 0;
  for (let k = 1; k <= 100; k++) sum += 2 * (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * lambda * lambda);
  return Math.min(1, Math.max(0, sum));
}
