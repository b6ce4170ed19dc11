import { expect, test } from "vitest";
import { finalMeasures, measureOf } from "../../../harness/gate/measures.js";
import { matrixOf } from "../metrics/matrix.js";

const suite = {
  tasks: ["task 1", "task 2"],
  probes: [
    { id: "facts", kind: "general" },
    { id: "logic", kind: "general" },
    { id: "refusal", kind: "safety" },
  ],
} as const;

const rows = [
  [0.1, 0.2],
  [0.9, 0.2],
  [0.5, 0.8],
];
const probes = { facts: [0.8, 0.7, 0.6], logic: [0.4, 0.4, 0.2], refusal: [1, 1, null] };
const matrix = matrixOf(rows, { probes });

test("a measure of a set is its score at the end, and that of a kind the mean over its probes", () => {
  const values = Object.fromEntries(finalMeasures(suite).map(({ key, compute }) => [key, compute(matrix)]));
  expect(Object.keys(values)).toEqual([
    "task:task 1",
    "task:task 2",
    "general",
    "safety",
    "probe:facts",
    "probe:logic",
    "probe:refusal",
  ]);
  expect(values["task:task 1"]!.value).toBe(0.5);
  expect(values["probe:facts"]!.value).toBe(0.6);
  expect(values.general!.value).toBeCloseTo(0.4, 12);
  const unmeasured = { value: null, reason: "the final score of probe:refusal was not measured" };
  expect(values["probe:refusal"]).toEqual(unmeasured);
  expect(values.safety).toEqual(unmeasured);
});

test("what is no measure of the suite is refused with the near one", () => {
  expect(measureOf("probe:facts", suite)).toMatchObject({ higherIsBetter: true });
  expect(() => measureOf("probe:fact", suite)).toThrow('there is no metric "probe:fact"');
});
