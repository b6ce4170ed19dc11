import { anytimeWithin } from "./anytime.js";
import type { CurveMetricDefinition } from "./definition.js";
import { stabilityGap } from "./stability-gap.js";
import { minAccWithin, wcAccWithin } from "./worst-case.js";

/** Every metric of the scores within tasks. */
export const curveMetrics: readonly CurveMetricDefinition[] = [stabilityGap, minAccWithin, wcAccWithin, anytimeWithin];
