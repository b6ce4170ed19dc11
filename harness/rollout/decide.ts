import type { MetricEvidence } from "./evidence.js";
import type { Rollout } from "./state.js";

/** What the evidence and the policy say is to be done now. */
export interface Decision {
  action: "wait" | "advance" | "promote" | "pause" | "roll back";
  /** One sentence. */
  reason: string;
  evidence: Record<string, MetricEvidence>;
}

/**
 * Decides by the policy. The candidate is rolled back as soon as a metric is established to be worse, at α divided by the
 * number of metrics; it is promoted after the last step once each metric is established, at α, not to be worse by its
 * margin or more.
 */
export function decide(rollout: Rollout): Decision {
  const { policy, step, phase } = rollout;
  const metrics = Object.entries(policy.metrics);
  const { evidence } = rollout;
  const decision = (action: Decision["action"], reason: string): Decision => ({ action, reason, evidence });
  const worse = metrics.find(([metric]) => evidence[metric]!.worse >= metrics.length / policy.alpha);
  if (worse !== undefined) {
    const [metric, { critical, margin }] = worse;
    return decision("roll back", `${metric} is worse${critical ? "" : ` by more than ${margin}`}`);
  }
  if (phase === "paused") return decision("wait", "the rollout is paused");
  const few = metrics.filter(([metric]) => rollout.inStep[metric]! < policy.minimum).map(([metric]) => metric);
  if (few.length > 0)
    return decision("wait", `fewer than ${policy.minimum} observations in this step: ${few.join(", ")}`);
  if (step < policy.steps.length - 1) return decision("advance", `no metric is established to be worse`);
  const open = metrics.filter(([metric]) => evidence[metric]!.notWorse < 1 / policy.alpha).map(([metric]) => metric);
  if (open.length === 0) return decision("promote", "every metric is established to be within its margin");
  const most = Math.max(...Object.values(rollout.inStep));
  return most >= policy.patience
    ? decision("pause", `${policy.patience} observations did not decide: ${open.join(", ")}`)
    : decision("wait", `not yet established to be within the margin: ${open.join(", ")}`);
}
