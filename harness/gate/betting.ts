/** The share of the largest safe stake that is put on every order. */
const stake = 0.9;

/** Evidence of 1/0.05: it is reached with a probability of at most 5% where the candidate is worse by the margin or more. */
export const enoughEvidence = 20;

/**
 * Evidence that a mean difference is above −δ, where no difference is ever below −F: the wealth ∏ (1 + 0.9 (d + δ)/(F − δ))
 * of a bet on each order (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting").
 * Under a mean of −δ or less each factor has expectation 1 or less, so the wealth reaches 1/α with probability α at
 * most, by Ville's inequality: after any number of looks, and whatever the skew.
 *
 * @param differences candidate − baseline of each order, none below −F.
 * @param margin δ.
 * @param worstFall F > δ, declared beforehand.
 */
export function bettingEvidence(differences: readonly number[], margin: number, worstFall: number): number {
  return differences.reduce((wealth, d) => wealth * (1 + (stake * (d + margin)) / (worstFall - margin)), 1);
}

/** Further orders until the evidence is enough, should it grow as it has; null where it does not grow. */
export function ordersToEnough(evidence: number, orders: number): number | null {
  if (evidence <= 1) return null;
  return Math.max(1, Math.ceil((orders * Math.log(enoughEvidence / evidence)) / Math.log(evidence)));
}
