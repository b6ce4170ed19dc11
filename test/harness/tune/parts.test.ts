import { symlinkSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunConfig } from "../../../harness/contract/config.js";
import type { Example, Suite } from "../../../harness/contract/suite.js";
import type { SearchSpace } from "../../../harness/contract/trainer.js";
import { checkPlugin, checkSchemas } from "../../../harness/plugins/check-plugin.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { drawCandidates } from "../../../harness/tune/candidates.js";
import { rungsOf } from "../../../harness/tune/rungs.js";
import { commentedConfig } from "../../../harness/tune/tuned-config.js";
import { validationInputs } from "../../../harness/tune/validation-inputs.js";
import { orderOf, validationSuite } from "../../../harness/tune/validation-suite.js";
import { newDirectory } from "../../files.js";
import { words, wordsModel } from "../cli/support.js";

const items = (task: string, part: string, count: number): Example[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `${task}-${part}-${index}`,
    input: [{ type: "text", text: `${task} ${part} ${index}` }],
    references: ["yes"],
  }));

function suiteOf(validation = 7): Suite {
  const tasks = ["one", "two", "three"].map((id) => ({
    id,
    title: id,
    language: "en",
    scorer: { name: "exact-match" },
    maxNewTokens: 2,
    train: items(id, "train", 4),
    validation: items(id, "validation", validation),
    test: items(id, "test", 5),
    shifted: items(id, "shifted", 5),
  }));
  return {
    name: "numbers",
    version: "1",
    title: "Numbers",
    generated: true,
    tasks,
    orders: [
      { name: "up", tasks: ["one", "two", "three"] },
      { name: "down", tasks: ["three", "two", "one"] },
    ],
    probes: [{ ...tasks[0]!, id: "probe", kind: "general", examples: items("probe", "probe", 3) }],
    generalItems: [],
    defaultModel: "nowhere",
    digest: "of the whole",
  };
}

test("the derived suite holds validation data of the first tasks, in two halves, and nothing else", () => {
  const suite = suiteOf();
  const derived = validationSuite(suite, orderOf(suite, "down"), 2);
  expect(derived.orders).toEqual([{ name: "down", tasks: ["three", "two"] }]);
  expect(derived.tasks.map(({ id }) => id).toSorted()).toEqual(["three", "two"]);
  expect(derived.digest).not.toBe(suite.digest);
  expect(JSON.stringify(derived)).not.toMatch(/-(test|shifted|probe)-|"one/);
  for (const task of derived.tasks) {
    const whole = suite.tasks.find(({ id }) => id === task.id)!;
    expect([task.validation.length, task.test.length]).toEqual([3, 4]);
    expect([...task.validation, ...task.test].map(({ id }) => id).toSorted()).toEqual(
      whole.validation.map(({ id }) => id).toSorted(),
    );
    expect(task.train).toEqual(whole.train);
  }
  expect(validationSuite(suite, orderOf(suite, undefined), 3).digest).not.toBe(derived.digest);
});

test("a suite that cannot be tuned on says why", () => {
  const suite = suiteOf(1);
  expect(() => validationSuite(suite, orderOf(suite, "up"), 2)).toThrow('"one" has 1 validation items');
  expect(() => validationSuite(suite, orderOf(suite, "up"), 4)).toThrow("has 3 tasks, not 4");
  expect(orderOf(suite, "apart").name).toBe("shuffle-4"); // three tasks have six orders, of which two are published
  expect(() => orderOf(suite, "dwon")).toThrow(expect.objectContaining({ fix: 'Did you mean "down"?' }));
});

const space: SearchSpace = {
  rate: { low: 1e-4, high: 1e-2, scale: "log" },
  "stop.every": { low: 2, high: 9, scale: "linear", integer: true },
  kind: { values: ["a", "b", null] },
};
const defaults = { rate: 1e-3, stop: null, kind: "a", other: 5 };

test("candidates: the default first, all within the space, distinct, the same for the same seed", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(1000), (count, seed) => {
      const drawn = drawCandidates(defaults, space, count, seed);
      expect(drawn).toHaveLength(count);
      expect(drawn[0]).toMatchObject({ label: "c00", options: defaults, distance: 0 });
      expect(new Set(drawn.map(({ values }) => JSON.stringify(values))).size).toBe(count);
      expect(drawCandidates(defaults, space, count + 3, seed).slice(0, count)).toEqual(drawn);
      for (const { values, options, distance } of drawn.slice(1)) {
        expect(values.rate).toBeGreaterThanOrEqual(1e-4);
        expect(values.rate).toBeLessThanOrEqual(1e-2);
        expect(Number.isInteger(values["stop.every"])).toBe(true);
        expect([2, 3, 4, 5, 6, 7, 8, 9]).toContain(values["stop.every"]);
        expect(["a", "b", null]).toContain(values.kind);
        expect(options).toEqual({
          rate: values.rate,
          stop: { every: values["stop.every"] },
          kind: values.kind,
          other: 5,
        });
        expect(distance).toBeGreaterThan(0);
        expect(distance).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 40 },
  );
});

test("a log scale draws as often below its geometric mean as above; a small space is exhausted", () => {
  const rates = drawCandidates({ rate: 1e-3 }, { rate: space.rate! }, 400, 1).map(
    ({ values }) => values.rate as number,
  );
  const below = rates.filter((rate) => rate < 1e-3).length / rates.length;
  expect(below).toBeGreaterThan(0.42);
  expect(below).toBeLessThan(0.58);
  expect(
    drawCandidates({ kind: "a" }, { kind: space.kind! }, 10, 1)
      .map(({ values }) => values.kind)
      .toSorted(),
  ).toEqual(["a", "b", null].toSorted());
});

test("rungs grow in tasks, keep the best 1/η, and never have fewer than two tasks", () => {
  const halving = (tasks: number, candidates: number, eta: number) =>
    rungsOf({ kind: "halving", tasks, candidates, eta }).map((rung) => [rung.tasks, rung.candidates]);
  expect(halving(8, 16, 2)).toEqual([
    [2, 16],
    [4, 8],
    [8, 4],
  ]);
  expect(halving(3, 9, 3)).toEqual([
    [2, 9],
    [3, 3],
  ]);
  expect(() => halving(2, 9, 2)).toThrow("halving needs two rungs");
  expect(rungsOf({ kind: "random", tasks: 1, candidates: 5, eta: 2 })).toEqual([{ tasks: 1, candidates: 5 }]);
});

test("a plug-in's space is checked against its options", () => {
  const plugin = (declared: object) => ({
    trainers: [
      {
        name: "mine",
        summary: "mine",
        source: "mine",
        version: 1,
        options: { properties: { rate: { type: "number", minimum: 0, maximum: 1 } } },
        space: declared,
        schedule: "sequence",
        needs: () => ({}),
        create: () => ({}),
      },
    ],
  });
  const range = { low: 0.1, high: 0.5, scale: "log" };
  const check = (declared: object) => checkSchemas(checkPlugin(plugin(declared), "mine.mjs"), "mine.mjs");
  expect(() => check({ rate: range })).not.toThrow();
  const invalid = (declared: object, message: string) =>
    expect(() => check(declared)).toThrow(
      expect.objectContaining({ code: "PLUGIN_INVALID", message: expect.stringContaining(message) }),
    );
  invalid({ rat: range }, 'unknown option "rat"');
  invalid({ rate: { ...range, high: 2 } }, '"rate" is 2');
  invalid({ rate: { ...range, low: 0 } }, "no logarithm");
  invalid({ rate: { ...range, low: 0.9 } }, "is empty");
  invalid({ rate: { low: 0.1, high: 0.5 } }, 'lacks "scale"');
  invalid({ rate: { values: [] } }, '"trainers.0.space.rate.values"');
});

test("searches of several trainers share what they learn: loaded once for each number of tasks", async () => {
  const registry = await loadRegistry([words]);
  const inputs = validationInputs("published");
  const open = (tasks: number) => inputs(tasks)({ suite: { name: "words", options: {} }, quick: false }, registry);
  const [first, again, longer] = await Promise.all([open(2), open(2), open(3)]);
  expect(again).toBe(first);
  expect(first!.suite.tasks).toHaveLength(2);
  expect(longer!.suite.tasks).toHaveLength(3);
  expect(first!.openModel()).toBe(first!.openModel());
});

test("a suite or a model that could not be loaded for one search is loaded for the next", async () => {
  const registry = await loadRegistry([words]);
  const inputs = validationInputs("published")(2);
  const model = join(newDirectory(), "model");
  const config = { suite: { name: "words", options: {} }, quick: false, model };
  const wrong = { ...config, suite: { name: "words", options: { shade: "blue" } } };
  await expect(inputs(wrong, registry)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  const { openModel } = await inputs(config, registry);
  await expect(openModel()).rejects.toMatchObject({ code: "MODEL_INVALID" });
  symlinkSync(wordsModel, model);
  await expect(openModel()).resolves.toMatchObject({ directory: model });
});

test("a comment of several lines stays out of the configuration", () => {
  const config = { suite: { name: "words", options: {} }, plugins: [] as string[] } as RunConfig;
  const text = commentedConfig(["ewc: no score (failed:\n  at: line 1)"], config, []);
  expect(text).toMatch(/^# ewc: no score \(failed:\n# {3}at: line 1\)\n\nsuite:/);
});
