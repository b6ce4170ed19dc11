import { random } from "../../../harness/contract/random.js";
import type { Generation } from "../../../harness/contract/trainer.js";

/** Random tokens of the vocabulary of `writeTinyModel`. */
export const drawn = (length: number, item: number): number[] => {
  const stream = random({ seed: 9, stream: "prompt", item });
  return Array.from({ length }, () => stream.integer(262));
};

/** What the turns of a chat begin with. */
export const chat = drawn(200, 1);

/** Prompts of which some begin alike, each with a decoding of its own. */
export const requests = [1, 31, 32, 33, 64, 65, 100, 140, 200, 12, 97].map((length, index) => ({
  request: { id: `r${index}`, tokens: index % 3 === 2 ? drawn(length, 10 + index) : chat.slice(0, length) },
  decoding: { maxNewTokens: 4 + ((index * 5) % 13), temperature: index % 2 === 0 ? 0 : 0.9, seed: index },
}));

/** An answer without what depends on the requests before it. */
export const withoutCounts = ({ cachedTokens: _, ...rest }: Generation) => rest;
