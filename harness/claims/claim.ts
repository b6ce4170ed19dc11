/** A trainer with the options that a claim speaks of. */
export interface Arm {
  trainer: string;
  options?: Record<string, unknown>;
  /** Option → factor on the trainer's default, for claims about more or less of something. */
  scaled?: Record<string, number>;
}

/**
 * One inequality: Σ weight · metric of the arms exceeds −margin. It is of the order's mean over seeds, so task orders are
 * what is counted.
 */
export interface Hypothesis {
  /** Key of a metric. */
  metric: string;
  /** Arm → weight, such as { ewc: 1, sequential: −1 }. */
  contrast: Record<string, number>;
  /** How much worse still counts, in the metric's unit: 0 asks for superiority, more for non-inferiority. */
  margin: number;
}

/** A statement of the field as something that a run can contradict. */
export interface Claim {
  id: string;
  statement: string;
  /** Where it was made. */
  source: string;
  /** All of them have to hold. */
  hypotheses: Hypothesis[];
}

export type ClaimVerdict = "supported" | "contradicted" | "undecided" | "not runnable";
