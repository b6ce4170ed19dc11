import { random } from "../../harness/contract/random.js";

const shareForValidation = 0.1;

/** Where the random numbers of a division come from. */
interface DivisionKey {
  stream: string;
  task: string;
}

/** A fixed random share of what there is, at least one of two. */
export function fixedShare<T>(all: readonly T[], share: number, key: DivisionKey): Set<T> {
  const count = Math.floor(Math.max(share * all.length, Math.min(1, all.length - 1)));
  return new Set(random({ seed: 0, ...key }).sample(all, count));
}

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
export function holdOut<T>(rows: readonly T[], key: DivisionKey): [T[], T[]] {
  const held = fixedShare([...rows.keys()], shareForValidation, key);
  return [rows.filter((_, index) => !held.has(index)), rows.filter((_, index) => held.has(index))];
}
