import { expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import { checkSpace, optionAt } from "../../../harness/config/search-space.js";
import { trainers } from "../../../trainers/methods/catalog.js";
import { byName } from "./rig.js";

test.each(trainers.map((trainer) => [trainer.name, trainer] as const))(
  "%s: its defaults are valid, its options explained",
  (_, trainer) => {
    const options = checkOptions(trainer.options, {}, trainer.name);
    expect(checkOptions(trainer.options, options, trainer.name)).toEqual(options);
    expect(trainer.needs(options)).toBeDefined();
    for (const [name, schema] of Object.entries(
      trainer.options.properties as Record<string, { description?: string }>,
    )) {
      expect(schema.description, name).toBeTruthy();
    }
  },
);

/** An option without a default may be absent, so its type must say so: `~optional` is TypeBox's mark. */
test.each(trainers.map((trainer) => [trainer.name, trainer] as const))(
  "%s: every option has a default or is optional",
  (_, { options }) => {
    for (const [name, option] of Object.entries(options.properties as Record<string, object>)) {
      expect("default" in option || "~optional" in option, name).toBe(true);
    }
  },
);

/** Cells are found again by these values: where one changes on purpose, the version of its trainer goes up with it. */
test("the default options are those of stored runs", async () => {
  const defaults = trainers.map(({ name, version, options }) => [
    name,
    { version, options: checkOptions(options, {}, name) },
  ]);
  await expect(`${JSON.stringify(Object.fromEntries(defaults), null, 2)}\n`).toMatchFileSnapshot(
    "default-options.json",
  );
});

const trained = trainers.filter(({ name, schedule }) => schedule !== "once" && name !== "composed");

test.each(trained.map((trainer) => [trainer.name, trainer] as const))(
  "%s: declares a space of options that it has, with the default rate inside",
  (_, { name, space, options }) => {
    expect(space).toBeDefined();
    checkSpace(space!, options, name);
    const { learningRate } = space!;
    if (learningRate === undefined || !("low" in learningRate)) return expect.unreachable("the rate is not searched");
    const rate = optionAt(checkOptions(options, {}, name), "learningRate");
    expect(rate).toBeGreaterThanOrEqual(learningRate.low);
    expect(rate).toBeLessThanOrEqual(learningRate.high);
  },
);

test("the plan of memory knows who trains all parameters, and what grows with the tasks", () => {
  const needOf = (name: string, given: Record<string, unknown> = {}, tasks = 8) => {
    const trainer = byName(trainers, name);
    return trainer.memory!(checkOptions(trainer.options, given, name), tasks);
  };
  for (const name of [
    "lora",
    "o-lora",
    "n-lora",
    "inflora",
    "adalora",
    "lora-per-task",
    "routed-lora",
    "l2p",
    "progressive-prompts",
  ])
    expect(needOf(name).trains, name).toBe("adapter");
  for (const name of ["sequential", "osf", "migu", "ties"]) expect(needOf(name).trains, name).toBe("all");
  expect(needOf("composed", { use: ["lora", "ewc"] }).trains).toBe("adapter");
  for (const name of ["ties", "dare", "magmax"]) expect(needOf(name).vectors - needOf(name, {}, 4).vectors).toBe(4);
  expect(needOf("osf").vectors).toBeGreaterThan(needOf("sequential").vectors + 3);
  expect(needOf("ogd").vectors).toBeGreaterThan(2 * 48);
  expect(needOf("ogd", { capacity: 4 }).vectors).toBeLessThan(12);
  expect(needOf("sdft", { teacherRate: null }).vectors).toBeLessThan(needOf("sdft").vectors);
});

test.each([
  ["sequential", { learningrate: 1 }, "learningRate"],
  ["replay", { buffersize: 1 }, "bufferSize"],
  ["ewc", { lamda: 1 }, "lambda"],
  ["lora", { ranks: 1 }, "rank"],
  ["sequential", { profile: { learning_rate: { decay: 0.5 } } }, "decay_factor"],
])("%s: the unknown option in %j is an error that suggests %s", (name, options, suggestion) => {
  const trainer = byName(trainers, name);
  const check = () => checkOptions(trainer.options, options, `trainer "${name}"`);
  try {
    check();
    expect.unreachable("an unknown option was accepted");
  } catch (error) {
    expect(error).toMatchObject({ code: "CONFIG_INVALID" });
    expect(`${(error as Error).message} ${(error as { fix?: string }).fix}`).toContain(suggestion);
  }
});

test.each([
  ["frozen", {}, { pastData: "none" }],
  ["icl", { bufferSize: 9 }, { pastData: { buffer: 9 }, taskIdAtTest: true }],
  ["sequential", {}, { pastData: "none" }],
  ["sequential", { earlyStopping: {} }, { pastData: "none", validationOfPastTasks: true }],
  ["joint", {}, { pastData: "all" }],
  ["replay", { bufferSize: 50, generalItems: 7 }, { pastData: { buffer: 50 }, generalItems: 7 }],
  ["ssr", { items: 7 }, { pastData: { synthetic: { demonstrations: 7 } } }],
  ["ssr", { demonstrations: "none" }, { pastData: "synthetic" }],
  ["ewc", {}, { pastData: "none" }],
  ["lora", {}, { pastData: "none" }],
  ["composed", { use: ["lora", "replay"], replay: { bufferSize: 3 } }, { pastData: { buffer: 3 } }],
])("%s with %j declares %j", (name, given, expected) => {
  const trainer = byName(trainers, name);
  expect(trainer.needs(checkOptions(trainer.options, given, name))).toEqual({
    generalItems: 0,
    taskIdAtTest: false,
    validationOfPastTasks: false,
    ...expected,
  });
});

test("a composition names each method once", () => {
  const trainer = byName(trainers, "composed");
  const options = checkOptions(trainer.options, { use: ["ewc", "ewc"] }, "composed");
  expect(() => trainer.needs(options)).toThrow('"ewc" and "ewc" do not compose: it is named twice.');
});

test("an elastic λ needs the form that it is meant for", () => {
  const trainer = byName(trainers, "ewc");
  const options = checkOptions(trainer.options, { elasticBeta: 0.1 }, "ewc");
  expect(() => trainer.needs(options)).toThrow("too weak to have an effect in the proximal form");
});
