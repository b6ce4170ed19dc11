import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import type { CurvesRecord } from "../../../harness/contract/result.js";
import { buildLeaderboard } from "../../../harness/metrics/index.js";
import { publishedText } from "../../../harness/run/store/published-run.js";
import { readJson, readRun } from "../../../harness/run/store/store.js";
import { newDirectory } from "../../files.js";
import { configure, drive, killAfterRow, matricesOf, plan, run } from "./support.js";

const observation = { every: 16, items: 8 };

const curvesOf = (directory: string): Record<string, CurvesRecord> =>
  Object.fromEntries(Object.values(readRun(directory).curves).map((curves) => [curves.trainer, curves]));

test("looking changes nothing that is learned, and is not counted as learning", async () => {
  const [blind, seen] = [newDirectory(), newDirectory()];
  const trainers = ["sequential", "replay", "joint", "frozen"];
  await run(configure(blind, {}, ...trainers));
  await run(configure(seen, { observation }, ...trainers));
  expect(matricesOf(seen)).toEqual(matricesOf(blind));
  const [before, after] = [readRun(blind), readRun(seen)];
  for (const { id, trainer } of after.run.cells) {
    const twin = before.run.cells.find((cell) => cell.trainer === trainer)!;
    expect(id).not.toBe(twin.id);
    expect(after.costs[id]!.trainedTokens).toBe(before.costs[twin.id]!.trainedTokens);
    const asked = (after.curves[id]?.segments ?? []).flatMap(({ points }) =>
      points.slice(1, -1).flatMap(({ scores }) => scores.filter((score) => score !== null)),
    );
    expect(after.costs[id]!.generatedTokens).toBe(before.costs[twin.id]!.generatedTokens! + 8 * asked.length);
  }
  expect(curvesOf(blind)).toEqual({});
  expect(Object.keys(curvesOf(seen)).sort()).toEqual(["joint", "replay", "sequential"]);
});

test("time spent on looking is time of evaluation", async () => {
  const directory = newDirectory();
  const config = configure(directory, { observation: { every: 1, items: 24 }, quick: false }, "sequential");
  await run(config);
  const [cost] = Object.values(readRun(directory).costs);
  expect(cost!.trainSeconds).toBeGreaterThan(0);
  expect(cost!.evaluationSeconds).toBeGreaterThan(3 * cost!.trainSeconds);
  const learned = cost!.learning.reduce((sum, { seconds }) => sum + seconds, 0);
  expect(learned).toBeCloseTo(cost!.trainSeconds, 9);
});

test("the points are at the right steps, and agree with the rows of the matrix", async () => {
  const directory = newDirectory();
  await run(configure(directory, { observation: { every: 16, items: 1000 } }, "sequential", "joint"));
  const { sequential, joint } = curvesOf(directory);
  const matrix = Object.values(readRun(directory).matrices).find(({ trainer }) => trainer === "sequential")!;
  expect(sequential).toMatchObject({ every: 16, n: [24, 24, 24], tasks: ["colour", "size", "taste"] });
  for (const [index, { row, learns, steps, points }] of sequential!.segments.entries()) {
    expect({ row, learns, steps }).toEqual({ row: index + 1, learns: [sequential!.tasks[index]], steps: 48 });
    expect(points.map(({ step }) => step)).toEqual([0, 16, 32, 48, 48]);
    const known = (scores: (number | null)[]) => scores.map((score, column) => (column > index ? null : score));
    expect(points[0]!.scores).toEqual(known(matrix.rows[index]!));
    expect(points.at(-1)!.scores).toEqual(known(matrix.rows[index + 1]!));
    // nothing happens between this trainer's last step and the row
    expect(points.at(-2)!.scores).toEqual(points.at(-1)!.scores);
    for (const { scores } of points)
      expect(scores.map((score) => score === null)).toEqual(known([0, 0, 0]).map((v) => v === null));
  }
  expect(joint!.segments).toMatchObject([{ row: 3, learns: ["colour", "size", "taste"], steps: 144 }]);
  expect(joint!.segments[0]!.points.flatMap(({ scores }) => scores)).not.toContain(null);
});

test("curves obey their published schema, feed the leaderboard, and go with a published run", async () => {
  const directory = newDirectory();
  await run(configure(directory, { observation, seeds: [1, 2] }, "replay", "frozen"));
  const schema = readJson(join(packageRoot, "harness/contract/schemas/curves.schema.json"));
  const validate = new Ajv({ allowUnionTypes: true }).compile(schema as object);
  const stored = readRun(directory);
  expect(Object.keys(stored.curves)).toHaveLength(2);
  for (const curves of Object.values(stored.curves)) {
    validate(curves);
    expect(validate.errors).toBeNull();
  }
  const rows = buildLeaderboard(stored).leaderboard;
  const [replay, frozen] = ["replay", "frozen"].map((name) => rows.find(({ trainer }) => trainer === name)!);
  expect(replay!.metrics.stabilityGap!.mean).toBeGreaterThanOrEqual(0);
  expect(replay!.metrics.minAccWithin!.mean).toBeLessThanOrEqual(replay!.metrics.learningAccuracy!.mean!);
  expect(frozen!.metrics.stabilityGap).toMatchObject({
    mean: null,
    reason: expect.stringContaining("--evaluate-every"),
  });
  expect(JSON.parse(publishedText(stored)).curves).toEqual(stored.curves);
});

test("killed and run again, it ends with the same curves", async () => {
  const slow = (out: string) => configure(out, { observation }, "replay");
  const [whole, broken] = [newDirectory(), newDirectory()];
  await run(slow(whole));
  const killed = await drive(slow(broken), {
    display: "json",
    hold: 1,
    during: killAfterRow(1),
  });
  expect(killed.code).toBe(137);
  const again = await run(slow(broken));
  expect(again.events.find((event) => event.type === "cell-started")).toMatchObject({ fromRow: 2 });
  const text = (directory: string) => {
    const [id] = Object.keys(readRun(directory).curves);
    return readFileSync(join(directory, "cells", id!, "curves.json"), "utf8");
  };
  expect(text(broken)).toBe(text(whole));
});

test("a cell that is not looked into is the cell that it always was", async () => {
  const ids = async (changes: Parameters<typeof configure>[1]) =>
    (await plan(configure(newDirectory(), changes, "replay"))).record.cells.map(({ id }) => id);
  const [plain] = await ids({});
  expect(await ids({ observation: undefined })).toEqual([plain]);
  const others = await Promise.all([ids({ observation }), ids({ observation: { ...observation, items: 9 } })]);
  expect(new Set([plain, ...others.flat()]).size).toBe(3);
});
