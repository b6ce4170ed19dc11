const bins = 5;
/** Half an item, so that an empty bin has a logarithm. */
const pseudoCount = 0.5;

/**
 * The population stability index Σ (a − e)·ln(a / e) over bins between the quintiles of what was expected, with a and e
 * the shares of actual and expected values in each (Siddiqi, Credit Risk Scorecards, 2006). 0 for equal shares; above
 * 0.2 by convention a shift.
 * @throws RangeError where a sample is empty.
 */
export function populationStability(expected: readonly number[], actual: readonly number[]): number {
  if (expected.length === 0 || actual.length === 0) throw new RangeError("Two samples of at least one value");
  const sorted = [...expected].sort((a, b) => a - b);
  const edges = Array.from({ length: bins - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / bins)]!);
  const shares = (values: readonly number[]) => {
    const counts = Array(bins).fill(pseudoCount);
    for (const value of values) counts[edges.filter((edge) => value >= edge).length]++;
    return counts.map((count) => count / (values.length + bins * pseudoCount));
  };
  const [before, now] = [shares(expected), shares(actual)];
  return now.reduce((sum, share, bin) => sum + (share - before[bin]!) * Math.log(share / before[bin]!), 0);
}
