import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import { leaderboardLines } from "../../../harness/cli/text/leaderboard-table.js";
import { type Confinement, type IsolationPolicy, weakestIsolation } from "../../../harness/contract/isolation.js";
import type { CostRecord } from "../../../harness/contract/result.js";
import type { LearnContext, Learner, TrainingView } from "../../../harness/contract/trainer.js";
import { buildLeaderboard } from "../../../harness/metrics/index.js";
import { hasBubblewrap, inBubblewrap } from "../../../harness/plugins/isolation/bubblewrap.js";
import { StagedImages } from "../../../harness/plugins/isolation/images.js";
import { availableIsolation, type PluginProgram } from "../../../harness/plugins/isolation/launch.js";
import { without } from "../../../harness/plugins/isolation/paths.js";
import { transfer } from "../../../harness/plugins/isolation/workspace.js";
import { describeProgram, hostProgram } from "../../../harness/plugins/process-trainer.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { payloadMeter } from "../../../harness/run/cell/payload.js";
import { executeRun } from "../../../harness/run/execute.js";
import { planRun } from "../../../harness/run/plan/plan.js";
import { readRun } from "../../../harness/run/store/store.js";
import { isolationChips } from "../../../reports/view-models/leaderboard/privileges.js";
import { newDirectory } from "../../files.js";
import { fixture } from "../cli/support.js";
import { configure, plugins as fixtures } from "../run/support.js";

const javascript = hostProgram([fixture("cheats.mjs")]);
const python: PluginProgram = { words: ["python3", fixture("cheats.py")] };

/** A run and a suite as they lie next to each other in somebody's directory. */
const place = newDirectory();
const [run, suite] = [join(place, "runs", "one"), join(place, "data")];
const [target, trace] = [join(suite, "task", "test.json"), join(place, "trace")];
const checkpoint = join(run, "cells", "c", "checkpoint");
mkdirSync(checkpoint, { recursive: true });
mkdirSync(join(suite, "task"), { recursive: true });
writeFileSync(join(run, "examples.jsonl"), "SECRET");
writeFileSync(target, '"SECRET"');

const view: TrainingView = { index: 0, tasks: [], pastValidation: [], generalItems: [] };
const learning: LearnContext = {
  buffer: { capacity: 0, items: () => [], set: () => undefined },
  cancelled: () => false,
  progress: () => undefined,
};

async function create(program: PluginProgram, policy: IsolationPolicy): Promise<() => Promise<Learner>> {
  const confinement: Confinement = { policy, hidden: [run, suite], readable: [] };
  const [trainer] = await describeProgram(program, confinement);
  const options = { target, trace };
  const context = { model: suite, device: "cpu", threads: 1, seed: 1, options, tasks: [], quick: true };
  return () => trainer!.create({ ...context, model: "/nowhere" });
}

/** Two tasks with a save and a restore between them, as a cell does it: the notes of both. */
async function twoTasks(make: () => Promise<Learner>) {
  const first = await make();
  const { notes } = await first.learn(view, learning);
  await first.save(checkpoint);
  await first.release();
  const second = await make();
  await second.restore(checkpoint);
  const again = (await second.learn(view, learning)).notes;
  await second.release();
  return { isolation: first.isolation, notes: [notes, again] };
}

describe.each([
  ["a module", javascript, "module"],
  ["a command in Python", python, "command"],
] as const)("%s that looks for test data", (_, program, kind) => {
  const best = availableIsolation(kind, "auto");

  it("keeps nothing from task to task, and finds nothing around its own directories", async () => {
    const { isolation, notes } = await twoTasks(await create(program, "never"));
    expect(isolation).toBe("none");
    for (const { learned, aboveWork, aboveSaved, read } of notes) {
      expect(read, "who is told where it is can read it").toContain("SECRET");
      expect({ learned, aboveWork, aboveSaved }).toEqual({ learned: 1, aboveWork: "nothing", aboveSaved: "nothing" });
    }
    expect(readdirSync(checkpoint)).toEqual(["where.txt"]);
    const own = readFileSync(join(checkpoint, "where.txt"), "utf8");
    expect(own.startsWith(place), "it never learns where the run is").toBe(false);
    expect(existsSync(own), "its working directory is gone").toBe(false);
  });

  it.skipIf(best === "none")("reads nothing of the run and the suite where it is isolated", async () => {
    rmSync(trace, { force: true });
    const { isolation, notes } = await twoTasks(await create(program, "auto"));
    expect(isolation).toBe(best);
    for (const { learned, ...found } of notes) {
      expect(learned).toBe(1);
      expect(Object.values(found).join("\n")).not.toContain("SECRET");
      expect(found.read).toMatch(/^no: /);
      expect(found.parent, "the harness's own command line").not.toContain("vitest");
      expect(existsSync(trace), "it leaves nothing behind").toBe(false);
    }
  });

  it("is refused before anything runs where isolation is required and there is none", () => {
    const isolate = () => availableIsolation(kind, "require");
    if (best === "none") expect(isolate).toThrowError(expect.objectContaining({ code: "ISOLATION_UNAVAILABLE" }));
    else expect(isolate()).toBe(best);
    const withProcesses = availableIsolation(kind, "auto", { startsProcesses: true });
    expect(withProcesses).toBe(hasBubblewrap() ? "bubblewrap" : "none");
  });
});

describe("a run with cheats in it", () => {
  const out = newDirectory();
  let costs: CostRecord[];

  beforeAll(async () => {
    const specifiers = [...fixtures, fixture("cheats.mjs")];
    const examples = join(out, "run", "examples.jsonl");
    const options = { target: examples, trace };
    const trainers = [
      { label: "cheat", name: "cheat", options },
      { label: "payload", name: "cheat", options: { ...options, attack: "payload" } },
      { label: "forgery", name: "cheat", options: { ...options, attack: "forgery" } },
    ];
    const config = { ...configure(join(out, "run")), workers: 1, trainers };
    const plan = await planRun(config, await loadRegistry(specifiers), specifiers, "bench run words");
    expect(plan.confinement.hidden).toContain(join(out, "run"));
    const outcome = await executeRun(plan, { display: { show: () => undefined, close: () => undefined } });
    expect(
      outcome.failures.map(({ cell, error }) => [cell.trainer, error.code, error.message.match(/\d+ bytes/)?.[0]]),
    ).toEqual(
      expect.arrayContaining([
        ["payload", "PRIVILEGE_EXCEEDED", "10014 bytes"],
        ["forgery", "PRIVILEGE_EXCEEDED", expect.stringMatching(/^10\d{3} bytes$/)],
      ]),
    );
    const finished = plan.cells.filter(({ record }) => record.trainer === "cheat");
    costs = finished.map(({ record }) =>
      JSON.parse(readFileSync(join(out, "run", "cells", record.id, "cost.json"), "utf8")),
    );
  });

  test("shows on the leaderboard who was isolated, by the weakest of the cells", () => {
    const stored = readRun(join(out, "run"));
    const boardOf = (costs: Record<string, CostRecord>) => buildLeaderboard({ ...stored, costs });
    const rowOf = (costs: Record<string, CostRecord>) =>
      boardOf(costs).leaderboard.find(({ trainer }) => trainer === "cheat")!;
    expect(rowOf(stored.costs).isolation).toBe(hasBubblewrap() ? "bubblewrap" : "permissions");
    const open = Object.fromEntries(
      Object.entries(stored.costs).map(([id, cost]) => [id, { ...cost, isolation: "none" as const }]),
    );
    expect(leaderboardLines(boardOf(open), { color: false, width: 100 })).toContain(
      "not isolated from test data: cheat",
    );
    expect(isolationChips(rowOf(open).isolation)).toMatchObject([{ text: "not isolated" }]);
    expect(weakestIsolation(["bubblewrap", "permissions", "bubblewrap"])).toBe("permissions");
    expect(weakestIsolation(["bubblewrap", undefined]), "what is not known is not claimed").toBeUndefined();
    expect(isolationChips(undefined)).toEqual([]);
  });

  test("gives a plug-in nothing of the questions, and says how it was isolated", () => {
    const [cost] = costs;
    expect(cost!.isolation).toBe(hasBubblewrap() ? "bubblewrap" : "permissions");
    expect(cost!.learning.length).toBeGreaterThan(1);
    for (const { notes } of cost!.learning)
      expect(notes).toMatchObject({ learned: 1, aboveSaved: expect.not.stringContaining("{") });
    for (const { notes } of cost!.learning) expect(notes.read).toMatch(/^no: /);
  });
});

test.skipIf(!hasBubblewrap())("directories in shared memory are visible there, and what programs share is not", () => {
  const directory = mkdtempSync("/dev/shm/bench-isolation-");
  const [kept, shared] = [join(directory, "kept"), `${directory}.shared`];
  try {
    mkdirSync(kept);
    writeFileSync(join(kept, "plugin.txt"), "plug-in");
    writeFileSync(shared, "SECRET");
    const paths = { hidden: [run], needed: [], writable: kept };
    const [program, ...words] = inBubblewrap(["sh", "-c", `cat plugin.txt; cat ${shared}`], paths);
    const { stdout, stderr } = spawnSync(program!, words, { encoding: "utf8" });
    expect({ stdout, stderr }).toEqual({ stdout: "plug-in", stderr: expect.stringContaining("No such file") });
  } finally {
    rmSync(directory, { recursive: true });
    rmSync(shared);
  }
});

test("a buffer's samples are the training examples as they came; all else is payload", () => {
  const example = { id: "1", input: [{ type: "text" as const, text: "q" }], references: ["a"] };
  const measure = payloadMeter([{ id: "t", train: [example] }], ["t"]);
  expect(measure({ taskId: "t", example: structuredClone(example) })).toBe(0);
  expect(measure({ taskId: "t", example, payload: "é" })).toBe(Buffer.byteLength('{"payload":"é"}'));
  for (const item of [
    { taskId: "other", example },
    { taskId: "t", example: { ...example, source: "s" } },
    { taskId: "t", example: { ...example, id: "2" } },
  ]) {
    expect(measure(item)).toBe(Buffer.byteLength(JSON.stringify(item)));
  }
});

test("what is saved is files and directories, not links to elsewhere", () => {
  const [from, to] = [mkdtempSync(join(place, "from-")), join(place, "to")];
  mkdirSync(join(from, "a"));
  writeFileSync(join(from, "a", "b"), "1");
  transfer(from, to, "copy");
  expect(readFileSync(join(to, "a", "b"), "utf8")).toBe("1");
  symlinkSync(target, join(from, "link"));
  expect(() => transfer(from, to, "copy")).toThrowError(expect.objectContaining({ code: "PLUGIN_FAILED" }));
});

test("an image goes to an isolated plug-in as a copy, and comes back only as one that went there", () => {
  const images = new StagedImages(mkdtempSync(join(place, "images-")));
  const part = { type: "image", path: target, digest: "d" };
  const item = { example: { input: [{ type: "text", text: "q" }, part] } };
  const staged = images.staged(item);
  const { path } = staged.example.input[1] as typeof part;
  expect(path).not.toBe(target);
  expect(readFileSync(path, "utf8")).toBe('"SECRET"');
  expect(images.original(staged)).toEqual(item);
  expect(() => images.original(item)).toThrowError(expect.objectContaining({ code: "PRIVILEGE_EXCEEDED" }));
});

test("what is readable is named around what is hidden", () => {
  expect(without(place, [run]).toSorted()).not.toContain(run);
  expect(without(place, [run, suite]).filter((path) => path.startsWith(suite))).toEqual([]);
  expect(without(run, [place])).toEqual([]);
  expect(without(run, [suite])).toEqual([run]);
});
