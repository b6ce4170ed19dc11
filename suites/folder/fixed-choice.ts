import { random } from "../../harness/contract/random.js";

const shareForValidation = 0.1;

/** At most so many rows with their places: a fixed random choice, in the order of the rows. */
export function keepMost<T>(
  rows: readonly T[],
  most: number,
  key: { stream: string; item: string },
): { row: T; index: number }[] {
  const numbered = rows.map((row, index) => ({ row, index }));
  if (rows.length <= most) return numbered;
  const chosen = random({ seed: 0, ...key }).sample(numbered, most);
  return chosen.sort((a, b) => a.index - b.index);
}

/** Splits off a fixed random tenth, at least one row of two. */
export function holdOut<T>(rows: readonly T[], key: { stream: string; task: string }): [T[], T[]] {
  const count = Math.floor(Math.max(shareForValidation * rows.length, Math.min(1, rows.length - 1)));
  const places = rows.map((_, index) => index);
  const held = new Set(random({ seed: 0, ...key }).sample(places, count));
  return [rows.filter((_, index) => !held.has(index)), rows.filter((_, index) => held.has(index))];
}
