import type { CostRecord } from "../contract/result.js";
import { mean } from "./definition.js";

const measures: Record<string, (cost: CostRecord) => number | null> = {
  wallSeconds: (cost) => cost.wallSeconds,
  trainSeconds: (cost) => cost.trainSeconds,
  evaluationSeconds: (cost) => cost.evaluationSeconds,
  cpuSeconds: (cost) => cost.cpuSeconds,
  trainedTokens: (cost) => cost.trainedTokens,
  generatedTokens: (cost) => cost.generatedTokens,
  flops: (cost) => cost.flops,
  trainableParameters: (cost) => cost.trainableParameters,
  addedParameters: (cost) => cost.addedParameters,
  tensorBytes: (cost) => cost.tensorBytes,
  bufferSamples: (cost) => cost.bufferSamples,
  bufferBytes: (cost) => cost.bufferBytes,
  checkpointBytes: (cost) => cost.checkpointBytes,
  latencyMedianMs: (cost) => cost.latency?.p50 ?? null,
  latencyP99Ms: (cost) => cost.latency?.p99 ?? null,
};

/** Every measure of one cell's cost by name; null where it is unknown. */
export const costMeasures = (cost: CostRecord): Record<string, number | null> => meanCost([cost]);

/** The mean cost of one run; a measure that any run lacks is null. */
export function meanCost(costs: readonly CostRecord[]): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(measures).map(([name, read]) => {
      const values = costs.map(read).filter((value) => value !== null);
      return [name, costs.length > 0 && values.length === costs.length ? mean(values) : null];
    }),
  );
}
