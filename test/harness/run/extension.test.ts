import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunConfig } from "../../../harness/contract/config.js";
import { executeRun } from "../../../harness/run/execute.js";
import { extensionTexts, settledCells } from "../../../harness/run/store/extension.js";
import { openRun } from "../../../harness/run/store/open-run.js";
import { readJson, readRun } from "../../../harness/run/store/store.js";
import { newDirectory } from "../../files.js";
import { configure, matricesOf, plan, run } from "./support.js";

const extending = { mayExtend: true };

/** A run's record without what says when and by which command it was made. */
function recordIn(directory: string): object {
  const {
    createdAt: _createdAt,
    config,
    ...record
  } = readJson<ReturnType<typeof readRun>["run"]>(join(directory, "run.json"));
  return { ...record, config: { ...config, out: undefined } };
}

/** Rows that were journaled as finished: cell and row, each as often as it was computed. */
const rowsOf = (directory: string): string[] =>
  readRun(directory).events.flatMap((event) => (event.type === "row-finished" ? [`${event.cell} ${event.row}`] : []));

test("a run that was extended, also in the middle, is the one made at once, and no row is computed twice", async () => {
  const grids = [
    { trainers: ["sequential"], orders: 1, seeds: 1 },
    { trainers: ["sequential"], orders: 2, seeds: 1 },
    { trainers: ["replay", "sequential"], orders: 2, seeds: 2 },
  ];
  const grid = (out: string, index: number): RunConfig => {
    const { trainers, ...numbers } = grids[index]!;
    return configure(out, { ...numbers, workers: 1 }, ...trainers);
  };
  const whole = newDirectory();
  await run(grid(whole, 2));
  const step = fc.record({ grid: fc.nat(1), row: fc.integer({ min: 0, max: 3 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 2 }), async (steps) => {
      const directory = newDirectory();
      for (const { grid: index, row } of steps.sort((a, b) => a.grid - b.grid)) {
        const stopsAt = (event: { type: string; row?: number }) => event.type === "row-finished" && event.row === row;
        await run(grid(directory, index), stopsAt, extending);
      }
      expect(await run(grid(directory, 2), undefined, extending)).toMatchObject({ status: "done", done: 8 });
      expect(matricesOf(directory)).toEqual(matricesOf(whole));
      expect(recordIn(directory)).toEqual(recordIn(whole));
      expect(rowsOf(directory).sort()).toEqual(rowsOf(whole).sort());
    }),
    { numRuns: 3, seed: 1 },
  );
});

test("the journal and a notice say how it was extended; what is finished is known before", async () => {
  const directory = newDirectory();
  await run(configure(directory, { seeds: 1 }, "frozen"));
  const second = await plan(configure(directory, { seeds: 1, orders: 2 }, "frozen"));
  openRun({ ...second, ...extending }).close(); // killed before anything of it was computed
  const more = configure(directory, { seeds: 2, orders: 2 }, "frozen", "sequential");
  expect(settledCells({ ...(await plan(more)), ...extending }).finished).toHaveLength(1);
  const extended = await run(more, undefined, extending);
  const text = "2 + 6 cells: trainer sequential; seeds 2, 1002";
  expect(extended.events).toContainEqual({ type: "notice", text: `the run is extended: ${text}` });
  const stored = readRun(directory);
  expect(extensionTexts(stored.run, stored.events)).toEqual(["1 + 1 cells: order shuffle-1", text]);
  expect(settledCells(await plan(more)).finished).toHaveLength(8);
  expect(await run(more)).toMatchObject({ stored: true, done: 8 });
});

test.each([
  ["frozen", {}, /trainers: sequential, frozen there, frozen here$/],
  ["sequential,frozen", { orders: 1 }, /orders: published, shuffle-1 there, published here; seeds: .* here$/],
  ["sequential,frozen,replay", { seeds: [1] }, /seeds: 1; 1001 \(each order its own\) there, 1 here$/],
  [
    "sequential,frozen,replay",
    { orders: 3, quick: false },
    /configuration: suite.s data: \w+ there, \w+ here; quick: true there, false here$/,
  ],
] as const)("nothing is left out or changed: %s %j is refused by name", async (trainers, changes, message) => {
  const directory = newDirectory();
  const stored = await plan(configure(directory, { seeds: 1, orders: 2 }, "sequential", "frozen"));
  openRun(stored).close();
  const before = readFileSync(join(directory, "run.json"), "utf8");
  const config = configure(directory, { seeds: 1, orders: 2, ...(changes as object) }, ...trainers.split(","));
  const refused = {
    code: "RUN_MISMATCH",
    message: expect.stringMatching(message),
    fix: expect.stringMatching(/^Keep/),
  };
  await expect(run(config, undefined, extending)).rejects.toMatchObject(refused);
  const other = { ...(await plan(config)), ...extending };
  expect(() => settledCells(other)).toThrow(expect.objectContaining(refused));
  expect(readFileSync(join(directory, "run.json"), "utf8")).toBe(before);
});

test("the same trainers in another order are the same run", async () => {
  const directory = newDirectory();
  await run(configure(directory, {}, "sequential", "frozen"));
  const again = await run(configure(directory, {}, "frozen", "sequential"), undefined, extending);
  expect(again).toMatchObject({ stored: true, done: 2 });
  expect(readRun(directory).run.trainers.map(({ label }) => label)).toEqual(["sequential", "frozen"]);
});

test("killed between the journal and run.json, the run is what it was, and either command goes on", async () => {
  const directory = newDirectory();
  const small = configure(directory, {}, "frozen");
  const large = configure(directory, { orders: 2 }, "frozen");
  await run(small);
  const file = join(directory, "run.json");
  const before = readFileSync(file, "utf8");
  const interrupted = async () => {
    openRun({ ...(await plan(large)), ...extending }).close();
    writeFileSync(file, before);
  };
  await interrupted();
  expect(readRun(directory)).toMatchObject({ run: { orders: [{}] }, missing: [] });
  expect(await run(small)).toMatchObject({ stored: true, done: 1 });
  await interrupted();
  const outcome = await executeRun(
    { ...(await plan(large)), ...extending },
    { display: { show: () => undefined, close: () => undefined } },
  );
  expect(outcome).toMatchObject({ status: "done", done: 2 });
  const stored = readRun(directory);
  expect(extensionTexts(stored.run, stored.events)).toEqual(["1 + 1 cells: order shuffle-1"]);
  writeFileSync(file, before);
  expect(() => readRun(directory)).toThrow(expect.objectContaining({ code: "DATA_INVALID" }));
});
