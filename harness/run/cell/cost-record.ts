import { weakestIsolation } from "../../contract/isolation.js";
import type { CostRecord } from "../../contract/result.js";
import { addUsage, largerFootprint, type ResourceUsage } from "./cost.js";
import type { MeasuredRow } from "./row.js";

/** What rows took, in all and by what it was spent on, with each of their evaluations once. */
export function usageOf(rows: readonly MeasuredRow[]): Record<"all" | "learning" | "evaluating", ResourceUsage> {
  const learning = addUsage(rows.map(({ record }) => record.learningUsage));
  const evaluations = new Map(rows.map(({ record, evaluation }) => [record.evaluation, evaluation.usage]));
  const observing = rows.flatMap(({ record }) => record.observed?.usage ?? []);
  const evaluating = addUsage([...evaluations.values(), ...observing]);
  const keepingSeconds = rows.reduce((sum, { record }) => sum + record.keepingSeconds, 0);
  const all = addUsage([learning, evaluating]);
  return { all: { ...all, seconds: all.seconds + keepingSeconds }, learning, evaluating };
}

/**
 * What a cell takes on its own: an evaluation that another cell had already made counts as when it was made, so that
 * costs do not depend on which cell came first.
 */
export function assembleCost(rows: readonly MeasuredRow[], latency: CostRecord["latency"]): CostRecord {
  const { all, learning, evaluating } = usageOf(rows);
  const last = rows.at(-1)!.record;
  const isolation = weakestIsolation(rows.map(({ record }) => record.isolation));
  return {
    schema: "cost@1",
    ...rows.map(({ record }) => record.footprint).reduce(largerFootprint),
    trainedTokens: all.trainedTokens,
    generatedTokens: all.generatedTokens,
    flops: all.flops,
    wallSeconds: all.seconds,
    trainSeconds: learning.seconds,
    evaluationSeconds: evaluating.seconds,
    cpuSeconds: all.cpuSeconds,
    bufferSamples: Math.max(...rows.map(({ record }) => record.buffer.samples)),
    bufferBytes: Math.max(...rows.map(({ record }) => record.buffer.bytes)),
    checkpointBytes: last.checkpointBytes,
    latency,
    ...(isolation !== undefined && { isolation }),
    learning: rows.flatMap(({ record }) => record.learning),
  };
}
