import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import type { MatrixRecord } from "../../../harness/contract/result.js";
import { readExamples, readJson, readRun, readSamples } from "../../../harness/run/store/store.js";
import { newDirectory } from "../../files.js";
import { configure, matricesOf, run } from "./support.js";

const mean = (values: (number | null)[]) => values.reduce<number>((sum, value) => sum + value!, 0) / values.length;

function matrixOf(directory: string, trainer: string): MatrixRecord {
  return Object.values(readRun(directory).matrices).find((matrix) => matrix.trainer === trainer)!;
}

test("learners learn, forget, and are measured by their schedules", async () => {
  const directory = newDirectory();
  const outcome = await run(configure(directory, { quick: false }, "sequential", "replay", "joint", "frozen"));
  expect(outcome).toMatchObject({ status: "done", done: 4, failed: 0, cancelled: 0, stored: false });

  const sequential = matrixOf(directory, "sequential");
  const diagonal = sequential.tasks.map((_, task) => sequential.rows[task + 1]![task]!);
  expect(mean(diagonal)).toBeGreaterThan(0.9);
  expect(mean(sequential.rows[3]!.slice(0, 2))).toBeLessThan(0.7);
  expect(sequential.probes.weight![0]).toBe(1);
  expect(sequential.probes.weight![3]).toBeLessThan(0.7);
  expect(sequential.n.flat()).toEqual(Array(12).fill(24));
  expect(sequential.shifted.map((row) => row.every((score) => score !== null))).toEqual([true, false, false, true]);
  expect(mean(matrixOf(directory, "joint").rows[3]!)).toBeGreaterThan(mean(sequential.rows[3]!));

  const joint = matrixOf(directory, "joint");
  expect(joint.rows.map((row) => row.every((score) => score !== null))).toEqual([true, false, false, true]);
  expect(joint.n[1]).toEqual([null, null, null]);
  expect(joint.probes.weight!.map((score) => score !== null)).toEqual([true, false, false, true]);

  const frozen = matrixOf(directory, "frozen");
  expect(frozen.rows).toEqual(Array(4).fill(sequential.rows[0]));
  expect(frozen.shifted[1]).toEqual([null, null, null]);
});

test("confusion, samples, questions and cost agree with the matrix", async () => {
  const directory = newDirectory();
  await run(configure(directory, {}, "replay"));
  const { run: record, matrices, costs } = readRun(directory);
  const [cell] = record.cells;
  const matrix = matrices[cell!.id]!;
  const samples = readSamples(readRun(directory).files, cell!.id);
  const questions = new Map(
    readExamples(readRun(directory).files).map((example) => [`${example.dataset} ${example.id}`, example]),
  );
  for (const [row, scores] of matrix.rows.entries()) {
    for (const [column, task] of matrix.tasks.entries()) {
      const answers = samples.filter(
        (sample) => sample.row === row && sample.set === task && sample.dataset === "test",
      );
      expect(mean(answers.map(({ score }) => score))).toBeCloseTo(scores[column]!, 12);
      for (const { id, output, score } of answers) {
        expect(questions.get(`test ${id}`)!.references.includes(output)).toBe(score === 1);
      }
    }
  }
  for (const [column, task] of matrix.tasks.entries()) {
    const { labels, counts, macroRecall } = matrix.confusion[task]!;
    expect(counts.flat().reduce((sum, count) => sum + count, 0)).toBe(24);
    const right = labels.reduce((sum, _, label) => sum + counts[label]![label]!, 0);
    expect(right / 24).toBeCloseTo(matrix.extracted[3]![column]!, 12);
    const recalls = labels.map((_, label) => counts[label]![label]! / counts[label]!.reduce((a, b) => a + b, 0));
    expect(macroRecall).toBeCloseTo(mean(recalls), 12);
  }
  const cost = costs[cell!.id]!;
  // 12 items a task, half of them kept for the tasks after, 4 epochs, 2 words, a cue and an answer each.
  expect(cost.trainedTokens).toBe((12 + (12 + 6) + (12 + 12)) * 4 * 4);
  expect(cost.generatedTokens).toBe(3 * 24 * 4 + 3 * 12 * 2 + 2 * 12 * 4);
  expect(cost).toMatchObject({ bufferSamples: 18, flops: null });
  expect(cost.latency!.p50).toBeGreaterThan(0);
  expect(cost.latency!.p99).toBeGreaterThanOrEqual(cost.latency!.p50);
  expect(cost.latency!.samples).toBeLessThanOrEqual(200);
  expect(cost.wallSeconds).toBeGreaterThanOrEqual(cost.trainSeconds + cost.evaluationSeconds);
  expect(cost.learning.map(({ task, steps }) => [task, steps])).toEqual([
    ["colour", 48],
    ["size", 72],
    ["taste", 96],
  ]);
});

test("what a run writes obeys the published schemas", async () => {
  const directory = newDirectory();
  await run(configure(directory, {}, "joint", "replay"));
  const { run: record } = readRun(directory);
  const files = ["run.json", ...record.cells.flatMap(({ id }) => [`cells/${id}/matrix.json`, `cells/${id}/cost.json`])];
  for (const file of files) {
    const schema = `${file.split("/").at(-1)!.replace(".json", "")}.schema.json`;
    const validate = new Ajv({ allowUnionTypes: true }).compile(
      readJson(join(packageRoot, "harness/contract/schemas", schema)),
    );
    validate(readJson(join(directory, file)));
    expect(validate.errors, file).toBeNull();
  }
});

test("one worker or two, and any neighbors: the same bits", async () => {
  const [one, two, alone] = [newDirectory(), newDirectory(), newDirectory()];
  const grid = { seeds: [1, 2], orders: 2 };
  await run(configure(one, { ...grid, workers: 1 }, "sequential", "replay"));
  await run(configure(two, { ...grid, workers: 2 }, "sequential", "replay"));
  await run(configure(alone, { workers: 1 }, "replay"));
  expect(matricesOf(two)).toEqual(matricesOf(one));
  expect(Object.keys(matricesOf(one))).toHaveLength(8);
  expect(matricesOf(one)).toMatchObject(matricesOf(alone));
  const ids = (directory: string) => readdirSync(join(directory, "cells"));
  expect(ids(one)).toEqual(expect.arrayContaining(ids(alone)));
});

test("a finished run returns what is stored and computes nothing", async () => {
  const directory = newDirectory();
  const config = configure(directory, {}, "sequential");
  await run(config);
  const journal = readFileSync(join(directory, "journal.jsonl"), "utf8");
  const again = await run({ ...config, workers: 1 });
  expect(again).toMatchObject({ status: "done", done: 1, stored: true });
  expect(again.events.filter(({ type }) => type !== "notice")).toEqual([]);
  expect(readFileSync(join(directory, "journal.jsonl"), "utf8")).toBe(journal);
});

test("another configuration in the same directory is refused, with the differences", async () => {
  const directory = newDirectory();
  await run(configure(directory, {}, "sequential"));
  const other = configure(directory, { seeds: [1, 2], quick: false }, "sequential", "replay");
  other.trainers[0]!.options = { epochs: 9 };
  await expect(run(other)).rejects.toMatchObject({
    code: "RUN_MISMATCH",
    message: expect.stringMatching(
      /seeds: 1 there, 1, 2 here; trainers: sequential there, sequential, replay here; option epochs of trainer sequential: 4 there, 9 here; quick: true there, false here$/,
    ),
    fix: expect.stringContaining("bench run words"),
  });
});

test("checkpoints stay as asked", async () => {
  for (const [keepCheckpoints, rows] of [
    ["all", ["1", "2", "3"]],
    ["last", ["3"]],
    ["none", []],
  ] as const) {
    const directory = newDirectory();
    await run(configure(directory, { keepCheckpoints }, "replay"));
    const cell = join(directory, "cells", readdirSync(join(directory, "cells"))[0]!);
    expect(readdirSync(join(cell, "checkpoint"))).toEqual(rows);
    for (const row of rows) expect(readdirSync(join(cell, "checkpoint", row))).toEqual(["buffer.json", "learner"]);
    expect(existsSync(join(directory, "evaluations"))).toBe(false);
  }
});

function witnessed(file: string) {
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { call: string; handed: Record<string, never> });
}

test("a trainer is handed what it declared and never a test item's answer, id or task", async () => {
  const file = join(newDirectory(), "witness.jsonl");
  const config = configure(newDirectory(), { workers: 1 });
  config.trainers = [{ label: "witness", name: "witness", options: { file } }];
  await run(config);
  const calls = witnessed(file);
  const learning = calls.filter(({ call }) => call === "learn" || call === "create");
  expect(JSON.stringify(learning)).not.toMatch(/-(test|shifted|probe)-/);
  const views = calls.filter(({ call }) => call === "learn").map(({ handed }) => handed as never as Learning);
  expect(views.map(({ view }) => view.tasks.map(({ task }) => task.id))).toEqual([["colour"], ["size"], ["taste"]]);
  expect(views.map(({ view }) => view.pastValidation.length + view.generalItems.length)).toEqual([0, 0, 0]);
  expect(views.map(({ buffer, capacity }) => [buffer.length, capacity])).toEqual([
    [0, 6],
    [6, 6],
    [6, 6],
  ]);
  const asked = calls.filter(({ call }) => call === "generate").flatMap(({ handed }) => handed.requests as never[]);
  for (const request of asked) expect(Object.keys(request)).toEqual(["id", "input"]);
  expect(JSON.stringify(asked)).not.toMatch(/"references"|colour-test|-probe-/);
});

test("what is declared is handed: the task's id, validation of past tasks, general items", async () => {
  const file = join(newDirectory(), "witness.jsonl");
  const config = configure(newDirectory(), { workers: 1 });
  config.trainers = [{ label: "witness", name: "witness", options: { file, taskIdAtTest: true } }];
  await run(config);
  const calls = witnessed(file);
  const views = calls.filter(({ call }) => call === "learn").map(({ handed }) => handed as never as Learning);
  expect(views.map(({ view }) => view.pastValidation.map(({ task }) => task.id))).toEqual([
    [],
    ["colour"],
    ["colour", "size"],
  ]);
  expect(views.map(({ view }) => view.generalItems.length)).toEqual([2, 2, 2]);
  const asked = calls
    .filter(({ call }) => call === "generate")
    .flatMap(({ handed }) => handed.requests as { taskId?: string }[]);
  expect(new Set(asked.map(({ taskId }) => taskId))).toEqual(new Set(["colour", "size", "taste", undefined]));
});

test("after every task the learner goes on from what it saved", async () => {
  const file = join(newDirectory(), "witness.jsonl");
  const config = configure(newDirectory(), { workers: 1 });
  config.trainers = [{ label: "witness", name: "witness", options: { file } }];
  await run(config);
  const life = witnessed(file).map(({ call }) => call);
  const collapsed = life.filter((call, index) => call !== life[index - 1]);
  const row = ["learn", "generate", "save", "release", "create", "restore"];
  expect(collapsed).toEqual(["create", "generate", ...row, ...row, ...row, "generate", "release"]);
});

test("an equal state is measured once in a run", async () => {
  const file = join(newDirectory(), "witness.jsonl");
  const config = configure(newDirectory(), { workers: 1, orders: 2, seeds: [1, 2] });
  config.trainers = [{ label: "witness", name: "witness", options: { file } }];
  await run(config);
  const lives = witnessed(file)
    .map(({ call }) => call)
    .filter((call) => ["create", "generate", "learn"].includes(call));
  const measuredBase = lives.filter((call, index) => call === "generate" && lives[index - 1] === "create");
  // Row 0 of the first cell; the other four are the latencies at the ends of the cells.
  expect(measuredBase).toHaveLength(1 + 4);
});

interface Learning {
  view: {
    tasks: { task: { id: string } }[];
    pastValidation: { task: { id: string } }[];
    generalItems: unknown[];
  };
  buffer: unknown[];
  capacity: number;
}
