import { suggestName } from "../config/suggest-name.js";
import { BenchError } from "../contract/errors.js";
import type { Metric } from "../contract/metric.js";
import { mean } from "../metrics/definition.js";
import { itemStandardError } from "../metrics/index.js";
import type { StoredRun } from "../run/store/store.js";
import type { Candidate } from "./candidates.js";

/** What a search may optimize: every metric of one learner's tasks. Abilities are not measured while tuning. */
const objectives = (metrics: readonly Metric[]): Metric[] =>
  metrics.filter(({ needsJoint, needsCurves, needsProbes }) => !needsJoint && !needsCurves && !needsProbes);

/** How a candidate did in a rung. */
export interface ScoredCandidate extends Candidate {
  /** Mean of the objective over seeds, by the metric's own sign; null where a run failed or lacks it. */
  score: number | null;
  /** Of each seed, in their order. */
  scores: (number | null)[];
  /** Standard error from the finite number of validation items; of OP, null for other objectives. */
  itemError: number | null;
  /** Mean seconds of training. */
  trainSeconds: number | null;
  /** Why there is no score. */
  reason?: string;
}

/** The objective of a key. Throws UNKNOWN_NAME with the near one. */
export function objectiveOf(key: string, metrics: readonly Metric[]): Metric {
  const known = objectives(metrics);
  const found = known.find((metric) => metric.key === key);
  if (found !== undefined) return found;
  const names = known.map((metric) => metric.key);
  throw new BenchError("UNKNOWN_NAME", `there is no objective "${key}"`, { fix: suggestName(key, names) });
}

/** Below this, a difference of scores is rounding. */
const rounding = 1e-9;

/**
 * Scores the candidates of a finished rung, the best first. Equal scores keep the configuration nearer to the default;
 * those without a score come last.
 */
export function rankCandidates(
  candidates: readonly Candidate[],
  objective: Metric,
  stored: StoredRun,
): ScoredCandidate[] {
  const sign = objective.higherIsBetter ? 1 : -1;
  return candidates
    .map((candidate) => scoreCandidate(candidate, objective, stored))
    .sort((a, b) => {
      if (a.score === null || b.score === null) return Number(a.score === null) - Number(b.score === null);
      const gain = sign * (b.score - a.score);
      return Math.abs(gain) > rounding ? gain : a.distance - b.distance;
    });
}

function scoreCandidate(candidate: Candidate, objective: Metric, stored: StoredRun): ScoredCandidate {
  const cells = stored.run.cells.filter(({ trainer }) => trainer === candidate.label);
  const measured = cells.map(({ id }) => {
    const matrix = stored.matrices[id];
    if (matrix !== undefined) return objective.compute(matrix);
    return { value: null, reason: stored.cells[id]?.error?.message ?? "it has not finished" };
  });
  const scores = measured.map(({ value }) => value);
  const complete = scores.every((score) => score !== null);
  const costs = cells.flatMap(({ id }) => stored.costs[id] ?? []);
  const matrices = cells.flatMap(({ id }) => stored.matrices[id] ?? []);
  const reason = measured.find(({ value }) => value === null)?.reason;
  return {
    ...candidate,
    score: complete ? mean(scores as number[]) : null,
    scores,
    itemError: complete && objective.key === "op" ? itemStandardError(matrices) : null,
    trainSeconds: costs.length === 0 ? null : mean(costs.map(({ trainSeconds }) => trainSeconds)),
    ...(reason === undefined ? {} : { reason }),
  };
}
