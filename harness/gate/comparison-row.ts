import type { Bounds } from "./bootstrap.js";

/** How a candidate differs from its baseline. */
export type ComparisonVerdict = "better" | "worse" | "same" | "not separated" | "unknown";

/** What can be said about one metric or task. Differences are positive where the candidate is better. */
export interface ComparisonRow {
  key: string;
  title: string;
  difference: number | null;
  /** 95%, not adjusted for the number of rows; null below two orders. */
  interval: Bounds | null;
  /**
   * Two-sided: paired t over orders, adjusted by Holm, for OP over all pairs of trainers of the run as on the leaderboard,
   * else over the other rows; or a test over items, adjusted by Holm over all rows.
   */
  adjustedP: number | null;
  /** `same` where no order, or item, differs at all. */
  verdict: ComparisonVerdict;
  orders: number;
  /** Where evaluated models are compared item by item: how many items, and whose score rose and fell. */
  items?: { count: number; gained: number; lost: number };
  /** Why the verdict is unknown. */
  reason?: string;
}
