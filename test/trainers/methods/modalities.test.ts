import { expect, test } from "vitest";
import { takersOf } from "../../../harness/run/plan/check-suite.js";
import { trainers } from "../../../trainers/methods/catalog.js";

const registry = { trainer: (name: string) => trainers.find((own) => own.name === name)! };
const takes = (name: string, options: Record<string, unknown> = {}) =>
  takersOf({ ...registry.trainer(name), label: "mine", code: "", options, privileges: {} as never }, registry);

test("methods take images, but for those that write inputs themselves", () => {
  const blind = trainers.filter(({ modalities = ["text"] }) => !modalities.includes("image")).map(({ name }) => name);
  expect(blind.sort()).toEqual(["icl", "lamol"]);
});

test("a composition takes what all of its methods take", () => {
  expect(takes("composed", { use: ["ewc", "lamol"] })).toEqual([
    { name: 'trainer "mine"', modalities: ["text", "image"] },
    { name: 'the method "ewc" of trainer "mine"', modalities: ["text", "image"] },
    { name: 'the method "lamol" of trainer "mine"', modalities: ["text"] },
  ]);
  expect(takes("replay")).toHaveLength(1);
});
