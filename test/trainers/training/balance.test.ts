import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { BufferItem } from "../../../harness/contract/trainer.js";
import { balance } from "../../../trainers/training/balance.js";

const items = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 60 }).map((tasks) =>
  tasks.map(
    (taskId, index): BufferItem => ({
      taskId,
      example: { id: `${index}`, input: [], references: ["x"] },
    }),
  ),
);
const countOf = (kept: { taskId: string }[], task: string) => kept.filter(({ taskId }) => taskId === task).length;

test("as many as fit; the tasks with most give way, down to an equal number but for one", () => {
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 70 }), (all, capacity) => {
      const kept = balance(all, capacity);
      expect(kept.length).toBe(Math.min(all.length, capacity));
      const limit = Math.max(...["a", "b", "c"].map((task) => countOf(kept, task)), 0);
      for (const task of ["a", "b", "c"]) {
        expect(countOf(kept, task)).toBeGreaterThanOrEqual(Math.min(countOf(all, task), limit - 1));
        const own = (list: typeof all) => list.filter(({ taskId }) => taskId === task);
        expect(own(kept)).toEqual(own(all).slice(0, countOf(kept, task)));
      }
    }),
  );
});
