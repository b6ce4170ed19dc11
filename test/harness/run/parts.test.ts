import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Suite } from "../../../harness/contract/suite.js";
import type { Privileges } from "../../../harness/contract/trainer.js";
import { MeteredBuffer } from "../../../harness/run/cell/buffer.js";
import { addUsage, type ResourceUsage } from "../../../harness/run/cell/cost.js";
import { confusionOf } from "../../../harness/run/evaluate/confusion.js";
import { ordersOf } from "../../../harness/run/plan/orders.js";
import { stagesOf } from "../../../harness/run/plan/stages.js";
import { newDirectory } from "../../files.js";

const suiteOf = (ids: string[], orders: Suite["orders"] = []) =>
  ({ name: "s", tasks: ids.map((id) => ({ id })), orders }) as unknown as Suite;

test("orders: published first, then different shuffles that do not depend on how many are asked for", () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 8 }), fc.integer({ min: 1, max: 6 }), (tasks, count) => {
      const ids = Array.from({ length: tasks }, (_, index) => `t${index}`);
      const published = { name: "published", tasks: ids };
      const orders = ordersOf(suiteOf(ids, [published]), count);
      expect(orders[0]).toEqual(published);
      expect(orders.slice(1).map(({ name }) => name)).toEqual(
        Array.from({ length: count - 1 }, (_, index) => `shuffle-${index + 1}`),
      );
      for (const order of orders) expect(order.tasks.toSorted()).toEqual(ids);
      expect(new Set(orders.map((order) => order.tasks.join())).size).toBe(count);
      expect(ordersOf(suiteOf(ids, [published]), count - 1 || 1)).toEqual(orders.slice(0, count - 1 || 1));
    }),
  );
});

test("no more orders than there are, and published ones name each task once", () => {
  expect(() => ordersOf(suiteOf(["a", "b"]), 3)).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", message: "2 tasks have 2 orders, not 3" }),
  );
  for (const tasks of [["a"], ["a", "a"], ["a", "c"]]) {
    expect(() => ordersOf(suiteOf(["a", "b"], [{ name: "odd", tasks }]), 1)).toThrow(
      expect.objectContaining({ code: "PLUGIN_INVALID" }),
    );
  }
});

test("every schedule learns each task once and measures the ends", () => {
  fc.assert(
    fc.property(fc.constantFrom("sequence", "joint", "once"), fc.integer({ min: 1, max: 9 }), (schedule, tasks) => {
      const stages = stagesOf(schedule, tasks);
      expect(stages.flatMap(({ learn }) => learn.flat())).toEqual(Array.from({ length: tasks }, (_, task) => task));
      expect(stages.filter(({ shifted }) => shifted).map(({ row }) => row)).toEqual([0, tasks]);
      expect(stages[0]).toEqual({ row: 0, learn: [], shifted: true });
    }),
  );
});

const privileges = (pastData: Privileges["pastData"]): Privileges => ({
  pastData,
  generalItems: 0,
  taskIdAtTest: false,
  validationOfPastTasks: false,
});

const item = (id: string) => ({
  taskId: "t",
  example: { id, input: [{ type: "text" as const, text: `ü ${id}` }], references: ["a"] },
});

test("a buffer holds what was declared, keeps its own copy, and comes back from its file", () => {
  fc.assert(
    fc.property(fc.nat(5), fc.array(fc.string(), { maxLength: 8 }), (capacity, ids) => {
      const buffer = new MeteredBuffer(privileges({ buffer: capacity }));
      const items = ids.map(item);
      if (ids.length > capacity) {
        expect(() => buffer.set(items)).toThrow(expect.objectContaining({ code: "PRIVILEGE_EXCEEDED" }));
        expect(buffer.items()).toEqual([]);
        return;
      }
      buffer.set(items);
      const path = join(newDirectory(), "buffer.json");
      buffer.save(path);
      for (const each of items) each.example.references.push("changed behind its back");
      expect(buffer.items()).toEqual(ids.map(item));
      expect(buffer.bytes).toBe(ids.length === 0 ? 0 : Buffer.byteLength(JSON.stringify(ids.map(item))));
      const restored = new MeteredBuffer(privileges({ buffer: capacity }));
      restored.restore(path);
      expect([restored.items(), restored.samples, restored.bytes]).toEqual([buffer.items(), ids.length, buffer.bytes]);
    }),
    { numRuns: 40 },
  );
  expect(new MeteredBuffer(privileges("none")).capacity).toBe(0);
  expect(new MeteredBuffer(privileges({ synthetic: { demonstrations: 2 } })).capacity).toBe(Number.POSITIVE_INFINITY);
  expect(new MeteredBuffer(privileges("all")).capacity).toBe(Number.POSITIVE_INFINITY);
});

test("a buffer's bytes are those of its items and of each of their images once; an image that is gone is an error", () => {
  const path = join(newDirectory(), "a.png");
  writeFileSync(path, Buffer.alloc(1000));
  const seen = (id: string) => {
    const { taskId, example } = item(id);
    return {
      taskId,
      example: { ...example, input: [{ type: "image" as const, path, digest: "d" }, ...example.input] },
    };
  };
  const items = [seen("1"), seen("2"), item("3")];
  const buffer = new MeteredBuffer(privileges({ buffer: 3 }));
  buffer.set(items);
  expect(buffer.bytes).toBe(Buffer.byteLength(JSON.stringify(items)) + 1000);
  rmSync(path);
  expect(() => buffer.set(items)).toThrow(expect.objectContaining({ code: "DATA_INVALID", at: { file: path } }));
});

test("confusion counts each answer once; macro precision and recall as scikit-learn with zero_division=0", () => {
  const truths = ["a", "a", "b", "b", "b", "c"];
  const answers = ["a", "b", "b", "b", "z", undefined];
  expect(confusionOf(truths, answers)).toEqual({
    labels: ["a", "b", "c"],
    counts: [
      [1, 1, 0, 0],
      [0, 2, 0, 1],
      [0, 0, 0, 1],
    ],
    macroPrecision: (1 + 2 / 3 + 0) / 3,
    macroRecall: (1 / 2 + 2 / 3 + 0) / 3,
  });
  expect(confusionOf(["a", undefined], ["a", "a"])).toBeUndefined();
});

test("what is unknown in a part is unknown in the sum, never 0", () => {
  const usage = (cpuSeconds: number | null): ResourceUsage => ({
    seconds: 1,
    cpuSeconds,
    trainedTokens: 2,
    generatedTokens: 0,
    flops: null,
  });
  expect(addUsage([usage(1), usage(2)])).toEqual({ ...usage(3), seconds: 2, trainedTokens: 4 });
  expect(addUsage([usage(1), usage(null)]).cpuSeconds).toBeNull();
});
