/**
 * Probability that chance alone moves at least as many items down as were seen, of those that moved at all: the one-sided
 * exact sign test of paired scores (for right and wrong answers, McNemar's exact test). Scores may be graded: only their
 * direction counts, so the test is right, if not the strongest. 1 where nothing fell.
 */
export function fallProbability(pairs: Iterable<readonly [before: number, now: number]>): number {
  let [fell, rose] = [0, 0];
  for (const [before, now] of pairs) {
    if (now < before) fell += 1;
    else if (now > before) rose += 1;
  }
  return fell === 0 ? 1 : tossTail(rose, fell + rose);
}

/** P(X ≤ k) for the heads X of n tosses of a coin. */
export function tossTail(k: number, n: number): number {
  let [log, tail] = [-n * Math.LN2, 0]; // by logarithms, since 2^−n may be below the smallest number
  for (let heads = 0; heads <= k; heads++) {
    tail += Math.exp(log);
    log += Math.log((n - heads) / (heads + 1));
  }
  return tail;
}
