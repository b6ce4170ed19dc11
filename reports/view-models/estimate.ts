import type { Estimate } from "../../harness/contract/result.js";
import type { EstimateCell } from "./cell.js";
import { missing, plural, points } from "./format.js";

/** A mean with half its interval; the reason where there is none. */
export function estimateCell(estimate: Estimate | undefined, format: (value: number | null) => string): EstimateCell {
  if (estimate === undefined || estimate.mean === null) {
    return { value: null, text: missing, note: estimate?.reason ?? "not measured", absent: true };
  }
  const { mean, low, high, n, reason } = estimate;
  if (low === null || high === null) {
    return { value: mean, text: format(mean), ...(reason === undefined ? {} : { note: reason }) };
  }
  const spread = points((high - low) / 2);
  const note = `95% interval ${points(low)} to ${points(high)} over ${plural(n, "order")}`;
  return { value: mean, text: format(mean), spread, note };
}
