import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LossPoint } from "../../contract/dashboard.js";
import type { CellProgress } from "../../contract/event.js";
import type { Display } from "../display/display.js";
import { RunTracker } from "../display/tracker.js";
import { checkRecord } from "./check-record.js";
import { parsed, readBytes } from "./file-content.js";

/** `progress.json` of a run: what its process does now, for other processes to show. There only while it goes on. */
export interface ProgressRecord {
  schema: "progress@1";
  /** Share of the whole run that is done, on 0..1. */
  fraction: number;
  secondsLeft: number | null;
  /** Those that are worked on; losses are those of the present row. */
  cells: (CellProgress & { losses: LossPoint[] })[];
}

const name = "progress.json";

/** Milliseconds between two versions of the file. */
const interval = 1000;

/** Most losses of a cell: beyond them every other one is dropped. */
const mostLosses = 200;

/** A display that also keeps `progress.json`. It is no result: where it cannot be written, nothing is said. */
export function withProgressFile(display: Display, directory: string): Display {
  const tracker = new RunTracker();
  const losses = new Map<string, { row: number; points: LossPoint[] }>();
  const file = join(directory, name);
  let written = Number.NEGATIVE_INFINITY;
  const write = (): void => {
    const now = performance.now();
    if (now - written < interval) return;
    written = now;
    const cells = tracker.list("running").flatMap(({ progress }) => {
      if (progress === undefined) return [];
      const own = losses.get(progress.cell);
      return [{ ...progress, losses: own?.row === progress.row ? own.points : [] }];
    });
    const [fraction, secondsLeft] = [tracker.totalFraction(), tracker.secondsLeft() ?? null];
    const record: ProgressRecord = { schema: "progress@1", fraction, secondsLeft, cells };
    try {
      writeFileSync(`${file}.tmp`, JSON.stringify(record));
      renameSync(`${file}.tmp`, file);
    } catch {
      // results say what is wrong with the disk
    }
  };
  return {
    show(event) {
      display.show(event);
      tracker.apply(event);
      if (event.type === "cell-progress") {
        note(losses, event.progress);
        write();
      }
    },
    close() {
      try {
        rmSync(file, { force: true });
      } catch {
        // what ended the run is reported, not this
      }
      display.close();
    },
  };
}

function note(losses: Map<string, { row: number; points: LossPoint[] }>, progress: CellProgress): void {
  const { cell, row, done, loss } = progress;
  if (loss === undefined || !Number.isFinite(loss)) return;
  const known = losses.get(cell);
  const points = known?.row === row ? known.points : [];
  points.push({ step: done, loss });
  losses.set(cell, { row, points: points.length > mostLosses ? points.filter((_, index) => index % 2 === 0) : points });
}

/** What the process of a run does now; undefined where it does not say. Throws DATA_INVALID. */
export function readProgress(directory: string): ProgressRecord | undefined {
  const file = join(directory, name);
  if (!existsSync(file)) return undefined;
  return checkRecord("progress", parsed(readBytes(file).toString("utf8"), file), file);
}
