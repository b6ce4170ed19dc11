import { expect, test } from "vitest";
import type { Model } from "../../../trainers/engine/contract.js";
import { composeStrategies } from "../../../trainers/training/compose.js";
import { loadJson, saveJson } from "../../../trainers/training/state.js";
import type { NamedStrategy, StepContext, Strategy, TaskContext } from "../../../trainers/training/strategy.js";
import { temporaryDirectory } from "../model/tiny-model.js";

const task = {} as TaskContext;
const step = {} as StepContext;
const model = {} as Model;
const named = (name: string, strategy: Strategy = {}): NamedStrategy => ({ name, strategy });

test("hooks run in the declared order; sources and terms add up", async () => {
  const calls: string[] = [];
  const traced = (name: string, share: number) =>
    named(name, {
      beforeTask: async () => void calls.push(`${name} before`),
      afterTask: async () => void calls.push(`${name} after`),
      mixture: () => [{ name, items: [], share }],
      terms: () => [{ kind: "language-modeling", batch: [], weight: share }],
    });
  const both = composeStrategies([traced("b", 0.1), traced("a", 0.2)]);
  await both.beforeTask?.(task);
  await both.afterTask?.(task);
  expect(calls).toEqual(["b before", "a before", "b after", "a after"]);
  expect(both.mixture?.(task).map(({ name, share }) => [name, share])).toEqual([
    ["b", 0.1],
    ["a", 0.2],
  ]);
  expect(both.terms?.(step).map(({ weight }) => weight)).toEqual([0.1, 0.2]);
});

test("each strategy saves and restores apart from the others", async () => {
  const directory = temporaryDirectory();
  const restored: unknown[] = [];
  const keeping = (name: string) =>
    named(name, {
      save: async (own) => saveJson(own, "state", { of: name }),
      restore: async (own) => void restored.push(loadJson(own, "state")),
    });
  const both = composeStrategies([keeping("a"), named("stateless"), keeping("b")]);
  await both.save?.(directory, model);
  await both.restore?.(directory, model);
  expect(restored).toEqual([{ of: "a" }, { of: "b" }]);
});

test("two strategies that claim the same thing contradict each other, with the reason", () => {
  const first = named("replay", { exclusive: ["buffer"] });
  const second = named("reservoir", { exclusive: ["constraint", "buffer"] });
  expect(() => composeStrategies([first, second])).toThrow(
    '"replay" and "reservoir" do not compose: the rehearsal buffer has one content, and each would overwrite the other\'s.',
  );
});

test("a declared conflict applies in either order", () => {
  const first = named("a", { conflicts: { b: "both move the moon" } });
  for (const pair of [
    [first, named("b")],
    [named("b"), first],
  ]) {
    expect(() => composeStrategies(pair)).toThrow("do not compose: both move the moon.");
  }
});

test("the same strategy twice is a contradiction", () => {
  expect(() => composeStrategies([named("lora"), named("lora")])).toThrow("it is named twice");
});

test("the one with the adapter opens and begins a task first, wherever it is declared", async () => {
  const calls: string[] = [];
  const traced = (name: string, exclusive: Strategy["exclusive"]) =>
    named(name, {
      exclusive,
      open: async () => void calls.push(`${name} opens`),
      beforeTask: async () => void calls.push(`${name} before`),
      afterTask: async () => void calls.push(`${name} after`),
    });
  const both = composeStrategies([traced("average", ["averaging"]), traced("adapter", ["adapter"])]);
  await both.open?.(model, 1, 1, false);
  await both.beforeTask?.(task);
  await both.afterTask?.(task);
  expect(calls).toEqual([
    "adapter opens",
    "average opens",
    "adapter before",
    "average before",
    "average after",
    "adapter after",
  ]);
});
