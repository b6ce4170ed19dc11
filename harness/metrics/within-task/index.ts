import type { MetricDefinition } from "../../contract/metric.js";
import { anytimeWithin } from "./anytime.js";
import { stabilityGap } from "./stability-gap.js";
import { minAccWithin, wcAccWithin } from "./worst-case.js";

/** Every metric of the scores within tasks. */
export const curveMetrics: readonly MetricDefinition[] = [stabilityGap, minAccWithin, wcAccWithin, anytimeWithin];
