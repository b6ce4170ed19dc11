/** Which version answered a request. */
export type Arm = "candidate" | "champion";

/** How a metric of a rollout is judged. */
export interface RolloutMetric {
  /** How much worse the candidate may be, in the metric's unit. */
  margin: number;
  /** The least and the greatest value that can occur. */
  range: [number, number];
  lowerIsBetter: boolean;
  /** Whether any fall that is established ends the rollout, also one within the margin. */
  critical: boolean;
}

/** What is decided before a rollout starts, and never changed. */
export interface RolloutPolicy {
  /** Percent of the requests that the candidate answers, ascending. After the last step it becomes the champion. */
  steps: number[];
  /** Observations of the candidate, of each metric, before a step ends. */
  minimum: number;
  /** Observations of the candidate in the last step at which an undecided rollout pauses. */
  patience: number;
  /** Probability that a candidate as good as the champion is rolled back, however often the evidence is looked at. */
  alpha: number;
  metrics: Record<string, RolloutMetric>;
}

/** One measured value of one request. */
export interface Observation {
  arm: Arm;
  metric: string;
  value: number;
  /** Id of the request, where it is known: of one request a metric counts once. */
  request?: string;
}

/** A line of a rollout's log. */
export type RolloutEvent =
  | {
      type: "started";
      name: string;
      candidate: number;
      champion: number;
      policy: RolloutPolicy;
      /** Keys the split of requests. */
      salt: string;
      at: string;
      by: string;
      reason: string;
    }
  | { type: "observed"; observations: Observation[]; at: string }
  | { type: "advanced"; step: number; at: string; by: string; reason: string }
  | { type: "promoting"; at: string; by: string; reason: string }
  | { type: "promoted" | "paused" | "resumed" | "rolled-back" | "aborted"; at: string; by: string; reason: string };

/** Where a rollout is. */
export type RolloutPhase = "canary" | "paused" | "promoting" | "promoted" | "rolled-back" | "aborted";
