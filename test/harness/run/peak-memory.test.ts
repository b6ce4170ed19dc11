import { expect, test } from "vitest";
import { PeakMemory } from "../../../harness/run/peak-memory.js";

test("the peak is the most that was seen, when asked too", () => {
  const memory = new PeakMemory();
  const before = memory.bytes;
  const held = Buffer.alloc(128e6, 1);
  const filled = memory.bytes;
  expect(filled - before).toBeGreaterThan(0.5 * held.length);
  expect(memory.bytes).toBeGreaterThanOrEqual(filled);
});
