/** A score or difference on 0..1 as points of 100, with a true minus sign; a dash where there is nothing. */
export const points = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? "–"
    : (100 * value)
        .toFixed(1)
        .replace(/^-0\.0$/, "0.0")
        .replace("-", "−");

/** The same with a plus before what is positive. */
export const signedPoints = (value: number | null): string =>
  value === null ? "–" : `${value > 0 ? "+" : ""}${points(value)}`;

/** Lower and upper bound of a difference in points; a dash where there are none. */
export const boundsText = ({ low, high }: { low: number | null; high: number | null }): string =>
  low === null || high === null ? "–" : `${signedPoints(low)} … ${signedPoints(high)}`;

/** The places that the data leave open; a dash without a rank. */
export const rankText = (rank: { best: number; worst: number } | null): string =>
  rank === null ? "–" : rank.best === rank.worst ? `${rank.best}` : `${rank.best}–${rank.worst}`;

/** A probability to three digits; a dash where there is none. */
export const pText = (p: number | null): string => (p === null ? "–" : p < 0.001 ? "< 0.001" : p.toFixed(3));
