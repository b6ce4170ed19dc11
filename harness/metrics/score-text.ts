/** A score or difference on 0..1 as points of 100, with a true minus sign. */
export const points = (value: number): string =>
  (100 * value)
    .toFixed(1)
    .replace(/^-0\.0$/, "0.0")
    .replace("-", "−");

/** The same with a plus before what is positive; a dash where there is nothing. */
export const signedPoints = (value: number | null): string =>
  value === null ? "–" : `${value > 0 ? "+" : ""}${points(value)}`;
