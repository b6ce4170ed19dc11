import { appendFileSync, cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { beforeAll, describe, expect, test } from "vitest";
import { defaultAlerts } from "../../../harness/contract/alert.js";
import type { RunConfig } from "../../../harness/contract/config.js";
import { packageRoot } from "../../../harness/contract/files.js";
import type { MatrixRecord } from "../../../harness/contract/result.js";
import { buildBoard, buildLeaderboard } from "../../../harness/metrics/index.js";
import { readJson, readRun, readSamples } from "../../../harness/run/store/store.js";
import { newDirectory } from "../../files.js";
import { elsewhere } from "../../launchers/support.js";
import { removeDigests } from "./fixtures/without-digests.js";
import { configure, drive, killAfterRow, matricesOf, plan, run } from "./support.js";

const two: RunConfig["suite"] = { name: "words", options: { tasks: 2 } };
const three: RunConfig["suite"] = { name: "words", options: { tasks: 3 } };
const names = ["sequential", "replay", "joint"];

let source: string;
let whole: Record<string, MatrixRecord>;

const parsed = (directory: string): Record<string, MatrixRecord> =>
  Object.fromEntries(
    Object.values(matricesOf(directory))
      .map((text) => JSON.parse(text))
      .map((m) => [m.trainer, m]),
  );
const cellOf = (directory: string, trainer: string): string =>
  readRun(directory).run.cells.find((cell) => cell.trainer === trainer)!.id;

/** A run of three tasks that goes on from a cell of the source. */
function onward(trainer: string, changes: Partial<RunConfig> = {}, ...trainers: string[]): RunConfig {
  const fromCheckpoint = `${source}/${cellOf(source, trainer)}`;
  return { ...configure(newDirectory(), { suite: three, seeds: [], fromCheckpoint }, ...trainers), ...changes };
}

beforeAll(async () => {
  source = newDirectory();
  await run(configure(source, { suite: two, seeds: [5], keepCheckpoints: "all" }, ...names));
  const directory = newDirectory();
  await run(configure(directory, { suite: three, seeds: [5] }, ...names));
  whole = parsed(directory);
});

/** A matrix without what a run of the first two tasks could not measure: the third, in the rows before it. */
function withoutAhead(matrix: MatrixRecord, rows: number): MatrixRecord {
  const blind = <T>(table: T[][]) =>
    table.map((line, row) => line.map((value, column) => (row < rows && column === 2 ? null : value)));
  const { rows: scores, n, extracted, valid, shifted } = matrix;
  return {
    ...matrix,
    rows: blind(scores),
    n: blind(n),
    extracted: blind(extracted),
    valid: blind(valid),
    shifted: blind(shifted),
  };
}

describe("the same trainer", () => {
  test.each(["sequential", "replay"])("%s goes on to the same bits as without a break", async (trainer) => {
    const config = onward(trainer);
    expect(await run(config)).toMatchObject({ status: "done", done: 1 });
    const { run: record, matrices, costs } = readRun(config.out!);
    expect(record).toMatchObject({
      seeds: [5],
      orders: [{ name: "published", tasks: ["colour", "size", "taste"] }],
      trainers: [{ label: trainer }],
      source: { cell: cellOf(source, trainer), learned: ["colour", "size"], restored: [trainer], seed: 5 },
    });
    const matrix = matrices[record.cells[0]!.id]!;
    expect(matrix).toEqual(withoutAhead(whole[trainer]!, 2));
    // the carried rows, and the row that was measured anew, are those of the source
    const before = parsed(source)[trainer]!;
    expect(matrix.rows.slice(0, 3).map((row) => row.slice(0, 2))).toEqual(before.rows);
    expect(matrix.shifted[0]).toEqual([...before.shifted[0]!, null]);
    expect(matrix.probes.weight!.slice(0, 3)).toEqual(before.probes.weight);
    const samples = readSamples(readRun(config.out!).files, record.cells[0]!.id);
    expect(samples.filter(({ row }) => row < 2)).toEqual(
      readSamples(readRun(source).files, cellOf(source, trainer)).filter(({ row }) => row < 2),
    );
    // only its own work is on its bill
    expect(costs[record.cells[0]!.id]!.learning.map(({ task }) => task)).toEqual(["taste"]);
  });

  test("continues from a task within the sequence, and again from there", async () => {
    const first = onward("replay", { keepCheckpoints: "all" });
    first.fromCheckpoint += ":colour";
    await run(first);
    expect(parsed(first.out!).replay).toEqual(withoutAhead(whole.replay!, 1));
    const four: RunConfig["suite"] = { name: "words", options: { tasks: 4 } };
    const second = onward("replay", {
      suite: four,
      fromCheckpoint: `${first.out}/cells/${cellOf(first.out!, "replay")}`,
    });
    await run(second);
    const uninterrupted = newDirectory();
    await run(configure(uninterrupted, { suite: four, seeds: [5] }, "replay"));
    const [extended, plain] = [parsed(second.out!).replay!, parsed(uninterrupted).replay!];
    expect(extended.rows.slice(3)).toEqual(plain.rows.slice(3));
    expect(extended.rows.slice(0, 3).map((row) => row[3])).toEqual([null, null, null]);
    expect(extended.rows[1]!.slice(0, 3)).toEqual(plain.rows[1]!.slice(0, 3));
  });

  test("killed and run again, it ends with the same bits", async () => {
    const slow = (out: string): RunConfig => {
      const config = onward("replay", { out, observation: { every: 20, items: 4 } });
      config.fromCheckpoint += ":colour";
      config.trainers = [{ label: "replay", name: "replay", options: {} }];
      return config;
    };
    const [unbroken, broken] = [newDirectory(), newDirectory()];
    await run(slow(unbroken));
    for (const row of [0, 1, 2]) {
      const killed = await drive(slow(broken), {
        display: "json",
        hold: Math.max(row, 1),
        during: killAfterRow(row),
      });
      expect(killed.code).toBe(137);
    }
    expect((await run(slow(broken))).events.find(({ type }) => type === "cell-started")).toMatchObject({ fromRow: 3 });
    expect(matricesOf(broken)).toEqual(matricesOf(unbroken));
    expect(Object.values(readRun(broken).curves)).toEqual(Object.values(readRun(unbroken).curves));
  });
});

test("carried out elsewhere, where the run that it goes on from is not, it ends with the same bits", async () => {
  const from = newDirectory();
  cpSync(source, from, { recursive: true });
  const config = onward("replay", { fromCheckpoint: `${from}/${cellOf(source, "replay")}` }, "replay", "sequential");
  await run(config);
  const bench = [process.execPath, join(packageRoot, "bin", "bench.js")].join(" ");
  const command = ["sh", "-c", `mv ${from} ${from}.away 2>/dev/null; exec ${bench} "$@"`, "sh"];
  const out = newDirectory();
  const outcome = await elsewhere(out, { ...config, out, on: "processes", workers: 1, remote: { command } });
  expect(outcome).toMatchObject({ status: "done", done: 2 });
  expect(existsSync(from)).toBe(false);
  expect(matricesOf(out)).toEqual(matricesOf(config.out!));
});

test("an alert is raised by what is learned now, not by what the checkpoint had lost already", async () => {
  const config = onward("sequential", { alerts: { ...defaultAlerts, noise: null, failOn: "critical" } });
  const outcome = await run(config);
  expect(outcome).toMatchObject({ status: "failed", failures: [{ error: { code: "ALERT" } }] });
  const raised = outcome.events.flatMap((event) => (event.type === "alert" ? [event.alert.row] : []));
  expect(new Set(raised)).toEqual(new Set([3]));
});

describe("another trainer", () => {
  test("starts from the weights alone, with nothing of past data kept", async () => {
    const config = onward("replay", { workers: 1 }, "replay", "sequential", "joint", "frozen");
    config.trainers.push({ label: "longer", name: "replay", options: { epochs: 5 } });
    await run(config);
    const { run: record, costs } = readRun(config.out!);
    expect(record.source!.restored).toEqual(["replay"]);
    expect(record.source!.bases.sequential).toBe(
      join(source, "cells", cellOf(source, "replay"), "checkpoint", "2", "learner"),
    );
    const matrices = parsed(config.out!);
    const before = parsed(source).replay!;
    for (const matrix of Object.values(matrices)) {
      expect(matrix.rows[2]!.slice(0, 2)).toEqual(before.rows[2]);
      expect(matrix.rows[1]).toEqual([...before.rows[1]!, null]);
    }
    // 12 items of the task itself; replay restored whole rehearses 6 of each of the two tasks before too
    const tokens = (label: string) => costs[cellOf(config.out!, label)]!.trainedTokens;
    expect(tokens("sequential")).toBe(12 * 4 * 4);
    expect(tokens("longer")).toBe(12 * 5 * 4);
    expect(tokens("replay")).toBe((12 + 12) * 4 * 4);
    expect(tokens("joint")).toBe(36 * 4 * 4);
    expect(matrices.sequential!.rows[3]).not.toEqual(matrices.replay!.rows[3]);
    expect(matrices.frozen!.rows[3]).toEqual(matrices.frozen!.rows[2]);
  });
});

test("what was not measured is null in every metric that reads it; the others are unchanged", async () => {
  const config = onward("sequential");
  await run(config);
  const stored = readRun(config.out!);
  const { metrics } = buildLeaderboard(stored).leaderboard[0]!;
  expect(metrics.fwt).toMatchObject({ mean: null, reason: expect.stringContaining('"taste" before training') });
  const plain = buildLeaderboard({
    ...stored,
    matrices: { [stored.run.cells[0]!.id]: whole.sequential! },
  }).leaderboard[0]!.metrics;
  for (const key of ["op", "bwt", "forgetting", "learningAccuracy", "generalAbilityDelta", "fwtRaw"]) {
    expect(metrics[key], key).toEqual(plain[key]);
  }
  // a sequence that goes on is an entry of its own among others
  const other = newDirectory();
  await run(configure(other, { suite: three, seeds: [5] }, "sequential"));
  expect(buildBoard([stored, readRun(other)]).leaderboard).toHaveLength(2);
});

test("scores on other questions are not carried over", async () => {
  const config = onward("replay", { quick: false });
  await run(config);
  const { rows } = parsed(config.out!).replay!;
  expect(rows[0]).toEqual([...parsed(source).replay!.rows[0]!, null]); // tests are the same, quick or not
  const harmed = newDirectory();
  await run(configure(harmed, { suite: two }, "replay"));
  removeDigests(harmed);
  const examples = join(harmed, "examples.jsonl");
  appendFileSync(
    examples,
    `${JSON.stringify({ id: "x", set: "size", dataset: "test", input: "x", references: ["A"] })}\n`,
  );
  const again = onward("replay", { fromCheckpoint: `${harmed}/${cellOf(harmed, "replay")}` });
  await run(again);
  const carried = parsed(again.out!).replay!;
  expect(carried.rows.slice(0, 2).map((row) => row[1])).toEqual([null, null]);
  expect(carried.rows[0]![0]).not.toBeNull();
});

test("the record obeys its schema, and another source is another cell", async () => {
  const ids: string[] = [];
  for (const config of [onward("replay"), onward("replay"), onward("sequential", {}, "replay")]) {
    const { record } = await plan(config);
    const validate = new Ajv({ allowUnionTypes: true }).compile(
      readJson(join(packageRoot, "harness/contract/schemas/run.schema.json")),
    );
    validate(JSON.parse(JSON.stringify(record)));
    expect(validate.errors).toBeNull();
    ids.push(record.cells[0]!.id);
  }
  const within = onward("replay");
  within.fromCheckpoint += ":colour";
  ids.push((await plan(within)).record.cells[0]!.id);
  ids.push((await plan(configure(newDirectory(), { suite: three, seeds: [5] }, "replay"))).record.cells[0]!.id);
  expect(ids[0]).toBe(ids[1]);
  expect(new Set(ids).size).toBe(4);
});

test("invalid input is reported before anything runs, with the fix", async () => {
  const wrong = (fromCheckpoint: string, changes: Partial<RunConfig> = {}) =>
    expect(plan(onward("replay", { fromCheckpoint, ...changes }))).rejects;
  const replay = cellOf(source, "replay");
  await wrong(source).toMatchObject({
    code: "CONFIG_INVALID",
    fix: expect.stringContaining(`${replay} (replay, published`),
  });
  await wrong(`${source}/0123456789abcdef`).toMatchObject({
    code: "UNKNOWN_NAME",
    fix: expect.stringContaining(replay),
  });
  await wrong(`${newDirectory()}/${replay}`).toMatchObject({
    code: "STORAGE",
    fix: expect.stringContaining("bench run"),
  });
  await wrong(`${source}/${replay}:taste`).toMatchObject({ code: "UNKNOWN_NAME", fix: "Give one of: colour, size." });
  await wrong(`${source}/${replay}`, { suite: two }).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("nothing is left to learn"),
  });
  await wrong(`${source}/${replay}`, { suite: { name: "words", options: { tasks: 1 } } }).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("lacks what was learned: size"),
  });
  await wrong(`${source}/${replay}`, { orders: 2 }).toMatchObject({
    code: "CONFIG_INVALID",
    fix: expect.stringContaining("--orders"),
  });
  const pruned = newDirectory();
  await run(configure(pruned, { suite: two, keepCheckpoints: "last" }, "replay"));
  const last = `${pruned}/${cellOf(pruned, "replay")}`;
  await wrong(`${last}:colour`).toMatchObject({
    code: "STORAGE",
    message: expect.stringContaining("kept: size"),
    fix: expect.stringContaining("--keep-checkpoints all"),
  });
  const weights = join(pruned, "cells", cellOf(pruned, "replay"), "checkpoint", "2", "learner", "weights.json");
  appendFileSync(weights, " ");
  await wrong(last).toMatchObject({ code: "DATA_INVALID" });
  rmSync(weights);
  const cancelled = newDirectory();
  const config = configure(cancelled, { suite: two }, "replay");
  await run(config, (event) => event.type === "row-finished" && event.row === 1);
  await wrong(`${cancelled}/${cellOf(cancelled, "replay")}`).toMatchObject({
    code: "CONFIG_INVALID",
    fix: expect.stringContaining("bench run words"),
  });
});
