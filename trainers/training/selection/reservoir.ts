import { random } from "../../../harness/contract/random.js";

/**
 * Where a reservoir puts the next item of a stream, so that every item so far is in it with equal probability
 * (Vitter, 1985, algorithm R); undefined where it lets it pass. Keyed by (seed, place in the stream).
 *
 * @param before items of the stream before this one.
 */
export function reservoirSlot(before: number, capacity: number, seed: number): number | undefined {
  if (before < capacity) return before;
  const drawn = random({ seed, stream: "reservoir", item: before }).integer(before + 1);
  return drawn < capacity ? drawn : undefined;
}
