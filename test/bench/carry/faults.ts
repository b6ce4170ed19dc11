import { renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { JournalEvent } from "../../../harness/contract/result.js";
import { readRun } from "../../../harness/run/store/store.js";
import { compared, directory, engine, type Running, start } from "./grid.js";

/**
 * The grid by threads and by the engine elsewhere, where meanwhile a process of the cluster is killed (RAYLET: its number),
 * the coordinator is killed twice (once after a cell's second checkpoint), and the store refuses for 30 seconds. Exits with
 * 1 where a matrix differs, or a row was computed twice.
 */
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
const elsewhere = () => start(there, "--on", engine);
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
const comparison = compared(here, there);
console.log(
  JSON.stringify(
    {
      ...{ exits: [own, code], ...comparison },
      ...{ rows: rows.length, twice: rows.length - new Set(rows).size, submitted: count(all, "job-submitted") },
      wentOn: all.flatMap((event) => (event.type === "cell-started" && event.fromRow > 0 ? [event.fromRow] : [])),
      seconds: { here: (between - began) / 1000, there: (after - between) / 1000 },
      directory,
    },
    null,
    2,
  ),
);
process.exitCode = own === 0 && code === 0 && comparison.differing === 0 && rows.length === new Set(rows).size ? 0 : 1;
