import type { Observation, RolloutMetric } from "../contract/rollout.js";

/** What observations say about a metric, whenever they are looked at. */
export interface MetricEvidence {
  observations: { candidate: number; champion: number };
  /** Differences candidate − champion that the evidence rests on; positive ones are better. */
  pairs: number;
  /** Their mean; null without any. */
  difference: number | null;
  /** Wealth of a bet against "no worse than the champion, by more than the margin or at all where critical". */
  worse: number;
  /** Wealth of a bet against "worse by the margin or more". */
  notWorse: number;
}

/** The largest share of its wealth that a bet can lose at once. */
const greatestLoss = 0.5;

/**
 * Evidence on one metric, in the order of arrival. A pair is the mean of what arrived of the candidate minus that of the
 * champion since the last pair, as soon as both have arrived: requests of the same time are compared, and at 5% of the
 * traffic each observation of the candidate with some twenty of the champion.
 *
 * Each wealth is ∏ (1 + λ·x) over bounded pairs x with a stake λ that only earlier pairs decide (aGRAPA; Waudby-Smith and
 * Ramdas 2024, "Estimating means of bounded random variables by betting", section 4). Where what it bets against is
 * true, it reaches 1/α with a probability of at most α, by Ville's inequality: however often and whenever it is read.
 */
export class Scales {
  readonly #sign: number;
  readonly #counts = { candidate: 0, champion: 0 };
  #pending = { candidate: noValues, champion: noValues };
  readonly #worse: Bet;
  readonly #notWorse: Bet;
  #pairs = 0;
  #sum = 0;

  constructor({ range, margin, critical, lowerIsBetter }: RolloutMetric) {
    const width = range[1] - range[0];
    this.#sign = lowerIsBetter ? -1 : 1;
    this.#worse = new Bet(critical ? 0 : -margin, -1, width);
    this.#notWorse = new Bet(-margin, 1, width);
  }

  add({ arm, value }: Pick<Observation, "arm" | "value">): void {
    this.#counts[arm] += 1;
    const { sum, count } = this.#pending[arm];
    this.#pending[arm] = { sum: sum + this.#sign * value, count: count + 1 };
    const { candidate, champion } = this.#pending;
    if (candidate.count === 0 || champion.count === 0) return;
    const difference = candidate.sum / candidate.count - champion.sum / champion.count;
    this.#pending = { candidate: noValues, champion: noValues };
    this.#pairs += 1;
    this.#sum += difference;
    this.#worse.add(difference);
    this.#notWorse.add(difference);
  }

  get evidence(): MetricEvidence {
    return {
      ...{ observations: { ...this.#counts }, pairs: this.#pairs },
      difference: this.#pairs === 0 ? null : this.#sum / this.#pairs,
      ...{ worse: this.#worse.wealth, notWorse: this.#notWorse.wealth },
    };
  }
}

const noValues = { sum: 0, count: 0 };

/** A bet that differences lie above (`direction` 1) or below (−1) a value on average. */
class Bet {
  wealth = 1;
  #count = 0;
  #sum = 0;
  #squares = 0;
  readonly #most: number;

  constructor(
    private readonly value: number,
    private readonly direction: 1 | -1,
    private readonly width: number,
  ) {
    this.#most = greatestLoss / (width + direction * value); // no x is below −(width + direction · value)
  }

  add(difference: number): void {
    const x = this.direction * (difference - this.value);
    this.wealth *= 1 + this.#stake() * x;
    this.#count += 1;
    this.#sum += x;
    this.#squares += x * x;
  }

  /** The stake that would have been best so far, were pairs normal; a pair at half the range is assumed beforehand. */
  #stake(): number {
    const mean = this.#sum / (this.#count + 1);
    const square = (this.#squares + this.width ** 2 / 4) / (this.#count + 1);
    return Math.min(this.#most, Math.max(0, mean / square));
  }
}
