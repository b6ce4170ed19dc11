/** A statement of the field as something that a run can contradict: plain data, which a plug-in brings. */
export interface Claim {
  /** Unique over all plug-ins that are loaded. */
  id: string;
  statement: string;
  /** Where it was made. */
  source: string;
  /** The trainers that are compared, by a name that labels their rows. */
  arms: Record<string, Arm>;
  /** The suites that it is about; none in particular when absent. */
  suites?: string[];
  /** All of them have to be supported. */
  hypotheses: Hypothesis[];
  /** The probability of a false verdict that is accepted in each direction; 0.05 without it. */
  alpha?: number;
}

/** A trainer with the options that a claim is about. What it does not set is the trainer's default. */
export interface Arm {
  trainer: string;
  options?: Record<string, unknown>;
  /** Option → factor on the trainer's default, for claims about more or less of something. */
  scaled?: Record<string, number>;
}

/**
 * One inequality: Σ weight · metric over the arms is above, or below, the threshold. A threshold of 0 asks for a
 * difference; one on the other side of 0 asks for non-inferiority.
 */
export interface Hypothesis {
  /** Key of a metric. */
  metric: string;
  /** Arm → weight, such as { ewc: 1, sequential: −1 }. */
  contrast: Record<string, number>;
  direction: "above" | "below";
  /** In the metric's unit. */
  threshold: number;
}

/** The names of the arms that a claim compares. */
export const armsOf = ({ hypotheses }: Pick<Claim, "hypotheses">): string[] => [
  ...new Set(hypotheses.flatMap(({ contrast }) => Object.keys(contrast))),
];
