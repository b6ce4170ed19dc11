import * as fc from "fast-check";
import { expect, test } from "vitest";
import { balance } from "../../../trainers/training/balance.js";

const items = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 60 }).map((tasks) =>
  tasks.map((taskId, index) => ({
    taskId,
    example: { id: `${index}`, input: [], references: ["x"] },
  })),
);
const countOf = (kept: { taskId: string }[], task: string) => kept.filter(({ taskId }) => taskId === task).length;

test("never more than the capacity, all where they fit, and the largest tasks give way first", () => {
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 70 }), (all, capacity) => {
      const kept = balance(all, capacity);
      expect(kept.length).toBeLessThanOrEqual(capacity);
      if (all.length <= capacity) expect(kept).toEqual(all);
      if (capacity < 3) return;
      const limit = Math.max(...["a", "b", "c"].map((task) => countOf(kept, task)), 0);
      for (const task of ["a", "b", "c"]) {
        expect(countOf(kept, task)).toBe(Math.min(countOf(all, task), limit));
      }
      const oneMore = ["a", "b", "c"].reduce((sum, task) => sum + Math.min(countOf(all, task), limit + 1), 0);
      if (all.length > capacity) expect(oneMore).toBeGreaterThan(capacity);
    }),
  );
});
