import { expect, test } from "vitest";
import { byTrainingStep, modelNames } from "../../../harness/metrics/model-names.js";

test("models are named by the last parts of their references that tell them apart", () => {
  expect(modelNames(["./out/checkpoint-100", "/data/out/checkpoint-200/"])).toEqual([
    "checkpoint-100",
    "checkpoint-200",
  ]);
  expect(modelNames(["a/checkpoint-1", "b/checkpoint-1"])).toEqual(["a/checkpoint-1", "b/checkpoint-1"]);
  expect(modelNames(["x/a/1", "y/a/1", "x/a/2"])).toEqual(["x/a/1", "y/a/1", "x/a/2"]);
  expect(modelNames(["hf://owner/name", "hf://owner/name"])).toEqual(["name", "name"]);
  expect(modelNames([])).toEqual([]);
});

test("checkpoints come in the order of their steps where their names have them", () => {
  const order = (...names: string[]) => byTrainingStep(names, (name) => name);
  expect(order("out/checkpoint-1000", "out/checkpoint-200", "out/checkpoint-100")).toEqual([
    "out/checkpoint-100",
    "out/checkpoint-200",
    "out/checkpoint-1000",
  ]);
  expect(order("step200.final", "step100.final")).toEqual(["step100.final", "step200.final"]);
  for (const names of [
    ["b", "a"],
    ["b-2", "a-1"],
    ["a-2", "a-1", "last"],
    ["x/a-1", "y/a-1"],
    ["v2-300", "v1-200"],
  ]) {
    expect(order(...names)).toEqual(names);
  }
});
