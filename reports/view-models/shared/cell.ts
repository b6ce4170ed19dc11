import { plural } from "../../../harness/contract/printable.js";
import type { Estimate } from "../../../harness/contract/result.js";
import { missing, points } from "./format.js";

/** One entry of a table as data: sort value, text, tooltip, link. */
export interface Cell {
  value: number | null;
  text: string;
  note?: string;
  link?: string;
}

/** A mean with half its 95% interval, where there is one, or else the standard deviation over the seeds of one order. */
export interface EstimateCell extends Cell {
  spread?: string;
  seedDeviation?: string;
  /** Set where there is no mean; the note says why. */
  absent?: true;
}

export interface Column {
  title: string;
  /** Tooltip. */
  note?: string;
  /** Whether the column is first sorted in ascending order. */
  ascending?: boolean;
  /** Anchor of the explanation. */
  link?: string;
}

/** A mean with half its interval; the reason where there is none, and what the seeds of one order show. */
export function estimateCell(estimate: Estimate | undefined, format: (value: number | null) => string): EstimateCell {
  if (estimate === undefined || estimate.mean === null) {
    return { value: null, text: missing, note: estimate?.reason ?? "not measured", absent: true };
  }
  const { mean, low, high, n, reason, seedDeviation } = estimate;
  if (low === null || high === null) {
    const seeds = seedDeviation === undefined ? {} : { seedDeviation: points(seedDeviation) };
    return { value: mean, text: format(mean), ...seeds, ...(reason === undefined ? {} : { note: reason }) };
  }
  const spread = points((high - low) / 2);
  const note = `95% interval ${points(low)} to ${points(high)} over ${plural(n, "order")}`;
  return { value: mean, text: format(mean), spread, note };
}
