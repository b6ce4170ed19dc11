import jstat from "jstat";

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
  return fell === 0 ? 1 : 1 - jstat.binomial.cdf(fell - 1, fell + rose, 0.5);
}
