import { appendFileSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import type { Registry } from "../../../harness/plugins.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { estimateRun } from "../../../harness/run/plan/estimate.js";
import { planRun } from "../../../harness/run/plan/plan.js";
import { newDirectory } from "../../files.js";
import { configure, plan, plugins, run } from "./support.js";

const idsOf = async (...config: Parameters<typeof configure>) =>
  (await plan(configure(...config))).record.cells.map(({ id }) => id);

test("a cell's id changes with what determines its result, and with nothing else", async () => {
  const out = newDirectory();
  const [id] = await idsOf(out, {}, "replay");
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  const options = { label: "replay", name: "replay", options: {} };
  const same: Parameters<typeof configure>[1][] = [
    { workers: 1, keepCheckpoints: "all", retryFailed: true },
    { trainers: [{ ...options, label: "another label" }] },
    { trainers: [{ ...options, options: { epochs: 4 } }] },
    { seeds: [1, 2], orders: 3 },
  ];
  for (const changes of same) expect(await idsOf(join(out, "elsewhere"), changes, "replay")).toContain(id);
  const different: Parameters<typeof configure>[1][] = [
    { seeds: [2] },
    { threads: 2 },
    { quick: false },
    { device: "cuda" },
    { suite: { name: "words", options: { tasks: 2 } } },
    { trainers: [{ ...options, options: { epochs: 5 } }] },
    { trainers: [{ ...options, name: "sequential" }] },
  ];
  const others = await Promise.all(different.map((changes) => idsOf(out, changes, "replay")));
  expect(new Set([id, ...others.flat()]).size).toBe(different.length + 1);
});

describe("seeds", () => {
  const cellsOf = async (changes: Parameters<typeof configure>[1]) =>
    (await plan(configure(newDirectory(), changes, "replay"))).record.cells;

  test("a number of them is nested in orders: each order has its own, the same in every run", async () => {
    const cells = await cellsOf({ seeds: 2, orders: 3 });
    expect(cells.map(({ seed }) => seed)).toEqual([1, 2, 1001, 1002, 2001, 2002]);
    expect(new Set(cells.map(({ order }) => order)).size).toBe(3);
    const fewer = await cellsOf({ seeds: 1, orders: 2 });
    expect(cells.map(({ id }) => id)).toEqual(expect.arrayContaining(fewer.map(({ id }) => id)));
  });

  test("with one order, number and list are the same run", async () => {
    const { out: _out, ...config } = configure("", { seeds: 2 }, "replay");
    const [number, list] = [await plan(config), await plan({ ...config, seeds: [1, 2] })];
    expect(number.record.cells).toEqual(list.record.cells);
    expect(number.directory).toBe(list.directory);
  });

  test("a list is crossed with the orders", async () => {
    const cells = await cellsOf({ seeds: [1, 7], orders: 2 });
    expect(cells.map(({ seed }) => seed)).toEqual([1, 7, 1, 7]);
  });

  test("a run whose seeds were crossed, as they were in earlier versions, is gone on with", async () => {
    const config = configure(newDirectory(), { seeds: [1, 2], orders: 2 }, "replay");
    await run(config);
    const again = await run({ ...config, seeds: 2 });
    expect(again).toMatchObject({ status: "done", done: 4, stored: true });
    await expect(plan({ ...config, seeds: 3 })).resolves.toMatchObject({
      record: { seeds: [1, 2, 3, 1001, 1002, 1003] },
    });
  });

  test("more than a thousand are refused where orders would share them", async () => {
    await expect(plan(configure(newDirectory(), { seeds: 1001, orders: 2 }, "replay"))).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: "1001 seeds are too many for several orders",
    });
  });
});

test("an edited plug-in is not taken for the old one", async () => {
  const file = join(newDirectory(), "majority.mjs");
  copyFileSync(join(packageRoot, "test", "fixtures", "plugins", "majority.mjs"), file);
  const specifiers = [...plugins, file];
  const planned = async () => {
    const config = configure(newDirectory(), { plugins: [file] }, "sequential", "majority");
    return (await planRun(config, await loadRegistry(specifiers), specifiers)).record;
  };
  const [builtIn, thirdParty] = (await planned()).cells;
  appendFileSync(file, "// edited\n");
  const after = await planned();
  expect(after.cells.map(({ id }) => id)).toEqual([builtIn!.id, expect.not.stringMatching(thirdParty!.id)]);
  expect(after.trainers.map(({ code }) => code)).toEqual([undefined, expect.stringMatching(/^[0-9a-f]{64}$/)]);
});

test("without --out, the same configuration finds the same directory", async () => {
  const { out: _out, ...config } = configure("", {}, "replay");
  const [one, two] = [await plan(config), await plan({ ...config, workers: 1 })];
  expect(two.directory).toBe(one.directory);
  expect(one.directory).toMatch(/runs[\\/]words-[0-9a-f]{8}$/);
  expect((await plan({ ...config, seeds: [7] })).directory).not.toBe(one.directory);
});

test("invalid input is reported before anything runs", async () => {
  const out = newDirectory();
  const wrong = (changes: Parameters<typeof configure>[1], ...trainers: string[]) =>
    expect(plan(configure(out, changes, ...trainers))).rejects;
  await wrong({}, "replya").toMatchObject({ code: "UNKNOWN_NAME", fix: expect.stringContaining("replay") });
  await wrong({ suite: { name: "word", options: {} } }, "replay").toMatchObject({ code: "UNKNOWN_NAME" });
  await wrong({ suite: { name: "words", options: { task: 2 } } }, "replay").toMatchObject({ code: "CONFIG_INVALID" });
  await wrong({ trainers: [{ label: "r", name: "replay", options: { epoch: 2 } }] }).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining('trainer "r"'),
  });
  await wrong({ orders: 7 }, "replay").toMatchObject({ code: "CONFIG_INVALID" });
  await wrong({ seeds: [1, 1] }, "replay").toMatchObject({ code: "CONFIG_INVALID" });
  const twins = ["a", "b"].map((label) => ({ label, name: "replay", options: {} }));
  await wrong({ trainers: twins }).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/"a" and "b"/),
  });
  await wrong({ model: join(out, "nothing") }, "replay").toMatchObject({ code: "MODEL_INVALID" });
});

test("a device that no engine has is refused with what there is", async () => {
  const registry = await loadRegistry(plugins);
  const engine = {
    name: "e",
    version: "1",
    numerics: "1",
    probe: async () => [
      { device: "cpu", available: true, detail: "" },
      { device: "cuda", available: false, detail: "libcudart.so is missing" },
    ],
  };
  const withEngine: Registry = Object.assign(Object.create(registry), { allEngines: () => [engine] });
  const config = configure(newDirectory(), { device: "cuda" }, "replay");
  await expect(planRun(config, withEngine, plugins)).rejects.toMatchObject({
    code: "DEVICE_UNAVAILABLE",
    message: 'the device "cuda" is not available: libcudart.so is missing',
    fix: expect.stringContaining("This machine has: cpu."),
  });
  const { record } = await planRun({ ...config, device: "cpu" }, withEngine, plugins);
  expect(record).toMatchObject({ numerics: "none", environment: { device: "cpu", threads: 1 } });
  expect(record.environment).not.toHaveProperty("engine e");
});

test("the cost model is scaled by the speed of the machine, which is asked for only where it is needed", async () => {
  const guess = await plan(configure(join(newDirectory(), "one"), {}, "sequential"));
  const at = (speed: number) => estimateRun({ ...guess, speed: async () => speed });
  const [slow, fast] = [await at(1e10), await at(1e12)];
  expect(slow.seconds).toBeGreaterThan(fast.seconds);
  expect(slow.basis).toContain("this machine's measured speed");
  expect(guess.estimate.basis).toContain("assumed");
});

test("a price an hour makes money of device hours, which do not depend on how many cells run at a time", async () => {
  const out = newDirectory();
  const changes = { seeds: [1, 2], price: { perHour: 3, currency: "EUR" } };
  const at = async (workers: number) =>
    (await plan(configure(join(out, "priced"), { ...changes, workers }, "sequential"))).estimate;
  const { deviceHours, money, cells } = await at(1);
  const hours = Object.values(cells).reduce((sum, seconds) => sum + seconds, 0) / 3600;
  expect(deviceHours.low).toBeLessThan(hours);
  expect(deviceHours.high).toBeGreaterThan(hours);
  expect(money).toEqual({ low: 3 * deviceHours.low, high: 3 * deviceHours.high, currency: "EUR" });
  expect((await at(2)).deviceHours).toEqual(deviceHours);
});

test("the estimate says where it comes from, and learns from finished neighbors", async () => {
  const parent = newDirectory();
  const config = configure(join(parent, "one"), {}, "sequential", "replay");
  const guess = await plan(config);
  expect(guess.estimate.basis).toContain("rough cost model");
  expect(guess.estimate.modeled).toEqual(["sequential", "replay"]);
  expect(guess.estimate.bytes).toBeGreaterThan(0);
  expect(guess.estimate.low).toBeLessThan(guess.estimate.seconds);
  expect(guess.estimate.high).toBeGreaterThan(guess.estimate.seconds);
  expect(guess.estimate.high / guess.estimate.low).toBeLessThan(4); // no further than a factor of 2 from its middle
  await run(config);
  const measured = await plan({ ...config, out: join(parent, "two"), seeds: [5, 6], workers: 1 });
  expect(measured.estimate.basis).toBe("finished cells of the same trainers in neighboring runs");
  const seconds = Object.values(measured.estimate.cells);
  expect(seconds).toHaveLength(4);
  expect(measured.estimate.seconds).toBeCloseTo(
    seconds.reduce((sum, each) => sum + each, 0),
    9,
  );
  const parallel = await plan({ ...config, out: join(parent, "three"), seeds: [5, 6], workers: 4 });
  expect(parallel.estimate.seconds).toBeGreaterThanOrEqual(Math.max(...seconds)); // by as many processors as there are
  expect(parallel.estimate.seconds).toBeLessThanOrEqual(measured.estimate.seconds);
  const inOrder = measured.cells.map(({ record }) => measured.estimate.cells[record.id]!);
  expect(inOrder).toEqual(inOrder.toSorted((a, b) => b - a));
});
