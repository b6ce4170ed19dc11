import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { RunConfig } from "../../../harness/contract/config.js";
import { lockRun } from "../../../harness/run/store/lock.js";
import { readRun } from "../../../harness/run/store/store.js";
import { newDirectory } from "../../files.js";
import { configure, drive, matricesOf, run } from "./support.js";

const isRoot = process.getuid?.() === 0;

/** A grid whose cells take a while: so many milliseconds of waiting in each step. */
function slowly(out: string, pause = 1): RunConfig {
  const config = configure(out, { seeds: [1, 2] }, "sequential", "replay", "joint");
  for (const trainer of config.trainers) trainer.options = { pause };
  return config;
}

/** One cell of that grid alone. */
function slowReplay(out: string): RunConfig {
  const config = slowly(out);
  return { ...config, seeds: [1], trainers: config.trainers.filter(({ name }) => name === "replay") };
}

let uninterrupted: Record<string, string>;

function expectSameBits(directory: string): void {
  const matrices = matricesOf(directory);
  expect(Object.keys(matrices)).toContain("replay published 1");
  expect(uninterrupted).toMatchObject(matrices);
}

beforeAll(async () => {
  const directory = newDirectory();
  await run(slowly(directory));
  uninterrupted = matricesOf(directory);
});

test("killed at random instants and run again, it ends with the same bits", async () => {
  const directory = newDirectory();
  const instants: number[] = [];
  let kills = 0;
  for (let attempt = 0; attempt < 3; attempt++) {
    const instant = 250 + Math.random() * 500;
    instants.push(instant);
    const { code } = await drive(slowly(directory), {
      during: (child) => setTimeout(() => child.kill("SIGKILL"), instant),
    });
    if (code === 137) kills += 1;
    else break;
  }
  const last = await drive(slowly(directory));
  const told = `killed after ${instants.map(Math.round).join(", ")} ms`;
  expect(last, told).toMatchObject({ code: 0, result: { status: "done", done: 6 } });
  expect(kills, told).toBeGreaterThan(0);
  expect(matricesOf(directory), told).toEqual(uninterrupted);
});

test("cancelled after a task, it keeps that task and goes on from it", async () => {
  const directory = newDirectory();
  const config = slowReplay(directory);
  const stopped = await run(config, (event) => event.type === "row-finished" && event.row === 1);
  expect(stopped).toMatchObject({ status: "cancelled", done: 0, failed: 0, cancelled: 1 });
  expect(stopped.events.at(-1)).toMatchObject({ type: "run-finished", cancelled: 1 });
  const again = await run(config);
  expect(again.events.find((event) => event.type === "cell-started")).toMatchObject({ fromRow: 2 });
  expect(again).toMatchObject({ status: "done", done: 1 });
  expectSameBits(directory);
});

test("the first Ctrl-C stops at the next step, the second kills at once", async () => {
  const polite = await drive(slowly(newDirectory()), {
    display: "json",
    hold: 0,
    during: (child) => child.stderr!.once("data", () => child.kill("SIGINT")),
  });
  expect(polite).toMatchObject({ code: 130, result: { status: "cancelled", cancelled: 6 } });
  const forced = await drive(slowly(newDirectory(), 900_000), {
    display: "json",
    during: (child) =>
      child.stderr!.on("data", (data) => {
        if (String(data).includes("cell-started")) child.kill("SIGINT");
        if (String(data).includes("press Ctrl-C again")) child.kill("SIGINT");
      }),
  });
  expect(forced.code).toBe(137);
});

test("a torn last line of the journal is dropped with a notice", async () => {
  const directory = newDirectory();
  const config = slowReplay(directory);
  await run(config, (event) => event.type === "row-finished" && event.row === 2);
  appendFileSync(join(directory, "journal.jsonl"), '{"sequence":7,"check');
  expect(readRun(directory).notices).toEqual([expect.stringContaining("torn")]);
  const again = await run(config);
  expect(again.events).toContainEqual({ type: "notice", text: expect.stringContaining("dropped it") });
  expectSameBits(directory);
  expect(readRun(directory).notices).toEqual([]);
});

test("a corrupt journal is an error that names the line, and touches nothing", async () => {
  const directory = newDirectory();
  const config = slowReplay(directory);
  await run(config, (event) => event.type === "row-finished");
  const journal = join(directory, "journal.jsonl");
  const damaged = readFileSync(journal, "utf8").replace('"run-started"', '"run-stopped"');
  writeFileSync(journal, damaged);
  await expect(run(config)).rejects.toMatchObject({ code: "DATA_INVALID", at: { line: 1 } });
  expect(readFileSync(journal, "utf8")).toBe(damaged);
});

test("a damaged or lost artifact is computed again, not trusted", async () => {
  for (const harm of [
    (cell: string) => appendFileSync(join(cell, "checkpoint", "1", "learner", "weights.json"), " "),
    (cell: string) => rmSync(join(cell, "checkpoint"), { recursive: true }),
    (cell: string) => writeFileSync(join(cell, "rows", "0.json"), "{}"),
  ]) {
    const directory = newDirectory();
    const config = slowReplay(directory);
    await run(config, (event) => event.type === "row-finished" && event.row === 1);
    harm(join(directory, "cells", readdirSync(join(directory, "cells"))[0]!));
    const again = await run(config);
    expect(again.events.find((event) => event.type === "cell-started")).toMatchObject({
      fromRow: expect.toSatisfy((row) => row < 2),
    });
    expectSameBits(directory);
  }
});

test("a directory in which another process works is left alone", async () => {
  const directory = newDirectory();
  const unlock = lockRun(directory);
  const { code, result } = await drive(slowReplay(directory));
  unlock();
  expect({ code, result }).toMatchObject({ code: 2, result: { error: { code: "RUN_LOCKED" } } });
});

test.runIf(process.platform === "linux")("a full disk stops the run with STORAGE, and nothing is lost", async () => {
  const directory = newDirectory();
  const config = slowReplay(directory);
  await run(config, (event) => event.type === "row-finished" && event.row === 1);
  const journal = join(directory, "journal.jsonl");
  const kept = readFileSync(journal);
  rmSync(journal);
  symlinkSync("/dev/full", journal);
  const { code, result } = await drive(config);
  expect({ code, result }).toMatchObject({ code: 2, result: { error: { code: "STORAGE", at: { file: journal } } } });
  rmSync(journal);
  writeFileSync(journal, kept);
  expect(await run(config)).toMatchObject({ status: "done", done: 1 });
  expectSameBits(directory);
});

/** A file system of 100 kB, where this user may mount one. */
function mountSmallDisk(directory: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=100k", "tmpfs", directory], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test.runIf(isRoot)("a disk that fills up in the middle keeps what fitted on it", async (context) => {
  const directory = newDirectory();
  if (!mountSmallDisk(directory)) return context.skip("no file system can be mounted here");
  try {
    const config = slowly(directory);
    const full = await drive(config);
    expect(full).toMatchObject({
      code: 2,
      result: { error: { code: "STORAGE", message: expect.stringMatching(/no space/i) } },
    });
    const before = readRun(directory);
    const rows = Object.values(before.cells).flatMap((cell) => cell.rows);
    expect(rows.length).toBeGreaterThan(0);
    execFileSync("mount", ["-o", "remount,size=10m", directory]);
    expect(await run(config)).toMatchObject({ status: "done", done: 6, failures: [] });
    expect(matricesOf(directory)).toEqual(uninterrupted);
  } finally {
    execFileSync("umount", [directory]);
  }
});

test.runIf(isRoot)("a directory that may not be written is STORAGE with its path", async () => {
  const directory = newDirectory();
  chmodSync(directory, 0o755);
  const out = join(directory, "run");
  mkdirSync(out);
  for (const path of [out, join(out, "deeper")]) {
    const { code, result } = await drive(slowly(path), { uid: 65534 });
    expect({ code, result }).toMatchObject({
      code: 2,
      result: { error: { code: "STORAGE", message: expect.stringContaining(out) } },
    });
  }
});
