import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { packageRoot } from "../../../harness/contract/files.js";
import type { JournalEvent } from "../../../harness/contract/result.js";
import { readRun } from "../../../harness/run/store/store.js";
import { matricesOf } from "../../harness/run/support.js";

/**
 * The quick grid of trace-seq (24 cells) by threads and by the engine ON (http://…:8265; PYTHON: Python with ray on its
 * head; STEPS of the trainer a task), where meanwhile a process of the cluster is killed (RAYLET: its number), the coordinator is killed twice (once
 * after a cell's second checkpoint), and the store refuses for 30 seconds. Exits with 1 where a matrix differs, or a row
 * was computed twice.
 */
const directory = mkdtempSync(join(tmpdir(), "bench-faults-"));
const workers = Number(process.env.WORKERS ?? 2);
const grid = ["trace-seq", "--quick", "--orders", "3", "--seeds", "4"];
const remote = { options: process.env.PYTHON === undefined ? {} : { python: process.env.PYTHON } };
const config = join(directory, "bench.yaml");
const options = process.env.STEPS === undefined ? {} : { steps: Number(process.env.STEPS) };
const trainers = ["frozen", { name: "sequential", options }];
writeFileSync(config, JSON.stringify({ trainers, remote }));

interface Running {
  process: ChildProcess;
  ended: Promise<number | null>;
}

function start(out: string, ...words: string[]): Running {
  const bench = join(packageRoot, "bin", "bench.js");
  const command = [
    bench,
    "run",
    ...grid,
    "--out",
    out,
    "--config",
    config,
    "--workers",
    String(workers),
    "--json",
    ...words,
  ];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "ignore", "inherit"] });
  return { process: child, ended: new Promise((resolve) => child.on("close", (code) => resolve(code))) };
}

const events = (out: string): JournalEvent[] => {
  try {
    return readRun(out).events;
  } catch {
    return []; // not there yet
  }
};

const count = (all: readonly JournalEvent[], type: JournalEvent["type"]): number =>
  all.filter((event) => event.type === type).length;

async function until(out: string, what: string, holds: (all: readonly JournalEvent[]) => boolean): Promise<void> {
  while (!holds(events(out))) await pause(200);
  console.log(`${new Date().toISOString()} ${what}`);
}

/** Whether a cell that has not ended has two checkpoints. */
function hasSecondCheckpoint(all: readonly JournalEvent[]): boolean {
  const ended = new Set(all.flatMap((event) => (event.type === "cell-finished" ? [event.cell] : [])));
  return all.some((event) => event.type === "row-finished" && event.row === 2 && !ended.has(event.cell));
}

async function kill(running: Running): Promise<void> {
  running.process.kill("SIGKILL");
  await running.ended;
}

const here = join(directory, "here");
const there = join(directory, "there");
const began = performance.now();
const own = await start(here).ended;
const between = performance.now();
const elsewhere = () => start(there, "--on", process.env.ON ?? "processes");
let coordinator = elsewhere();
await until(there, "a process of the cluster is killed after 14 rows", (all) => count(all, "row-finished") >= 14);
if (process.env.RAYLET !== undefined) process.kill(Number(process.env.RAYLET), "SIGKILL");
await until(there, "the coordinator is killed after 5 cells", (all) => count(all, "cell-finished") >= 5);
await kill(coordinator);
coordinator = elsewhere();
await until(there, "the coordinator is killed after a second checkpoint", hasSecondCheckpoint);
await kill(coordinator);
coordinator = elsewhere();
await until(there, "the store refuses after 9 cells, for 30 seconds", (all) => count(all, "cell-finished") >= 9);
renameSync(join(there, "store"), join(there, "away"));
await pause(30_000);
renameSync(join(there, "away"), join(there, "store"));
const code = await coordinator.ended;
const after = performance.now();

const all = events(there);
const rows = all.flatMap((event) => (event.type === "row-finished" ? [`${event.cell} ${event.row}`] : []));
const [matrices, others] = [Object.entries(matricesOf(here)), matricesOf(there)];
const differing = matrices.filter(([cell, text]) => others[cell] !== text);
console.log(
  JSON.stringify(
    {
      ...{ exits: [own, code], cells: matrices.length, differing: differing.length },
      ...{ rows: rows.length, twice: rows.length - new Set(rows).size, submitted: count(all, "job-submitted") },
      wentOn: all.flatMap((event) => (event.type === "cell-started" && event.fromRow > 0 ? [event.fromRow] : [])),
      seconds: { here: (between - began) / 1000, there: (after - between) / 1000 },
      directory,
    },
    null,
    2,
  ),
);
process.exitCode = own === 0 && code === 0 && differing.length === 0 && rows.length === new Set(rows).size ? 0 : 1;
