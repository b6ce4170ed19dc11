import { rmSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../../contract/errors.js";
import { pathInside } from "../../contract/files/foreign-path.js";
import type { PlannedCell } from "../plan/cells.js";
import { machineHere } from "../plan/machine.js";
import type { CellEvent, CellResult, WorkerMessage } from "../pool/messages.js";
import { type CellState, cellStates } from "../store/cell-state.js";
import { layout } from "../store/store.js";
import type { CellLog } from "./cell-log.js";
import type { ContentStore } from "./content-store.js";
import type { RunStore } from "./run-store.js";

/** Milliseconds between two writes of a log that say no more than how far a step is. */
const progressInterval = 10_000;

/** A cell while a worker carries it out: brings what it finishes into the store, in order, and only then says so. */
export class CarriedCell {
  private kept: Promise<void> = Promise.resolve();
  private progressed = 0;

  /**
   * @param directory where the worker computes.
   * @param log of earlier attempts, or a new one.
   */
  constructor(
    private readonly store: RunStore,
    private readonly directory: string,
    private readonly cell: PlannedCell,
    private readonly log: CellLog,
    private readonly keepAll: boolean,
  ) {}

  /** Gets back what earlier attempts finished. What cannot be got is computed again. Returns the finished rows. */
  async restore(): Promise<CellState["rows"]> {
    const { id } = this.cell.record;
    const { rows } = cellStates([this.cell.record], this.log.events)[id]!;
    try {
      for (const { row, artifacts } of rows) {
        const checkpoint = layout.checkpoint(id, row);
        const tree = this.log.checkpoints[checkpoint]; // absent once a later one is kept
        if (tree !== undefined) await this.checkpoints.getTree(tree, pathInside(this.directory, checkpoint));
        for (const [path, digest] of Object.entries(artifacts)) {
          if (path === checkpoint || !isFileOf(id, path)) continue;
          await this.store.results.getFile(digest, pathInside(this.directory, path));
        }
      }
    } catch (error) {
      if (!(error instanceof BenchError) || error.code !== "DATA_INVALID") throw error;
      this.log.notices.push({ text: `${error.message}: rows of cell ${id} are computed again` });
    }
    return rows;
  }

  /** Takes what a worker says. */
  hear(message: Exclude<WorkerMessage, { type: "ended" }>): void {
    if (message.type === "event") {
      this.afterwards(() => this.keep(message.event));
      return;
    }
    if (message.type === "notice") {
      const { text, once } = message;
      this.log.notices.push({ text, ...(once && { once }) });
      return;
    }
    this.log.progress = message.progress;
    if (Date.now() - this.progressed < progressInterval) return;
    this.progressed = Date.now();
    this.afterwards(() => this.store.logs.write(this.log));
  }

  /** Keeps how the cell ended. Throws STORAGE where the store took nothing for too long. */
  async end(result: CellResult): Promise<void> {
    await this.kept;
    if (result.ok) {
      const files = Object.keys(result.artifacts.files); // together, since a store syncs each
      await Promise.all(files.map((path) => this.store.results.putFile(join(this.directory, path))));
    }
    this.log.end = result.ok ? result : { ok: false, error: ofThisMachine(result.error) };
    await this.store.logs.write(this.log);
    rmSync(join(this.directory, layout.cell(this.cell.record.id)), { recursive: true, force: true });
  }

  private afterwards(work: () => Promise<void>): void {
    this.kept = this.kept.then(work);
    this.kept.catch(() => undefined); // `end` throws it.
  }

  private async keep(event: CellEvent): Promise<void> {
    const outdated = event.type === "row-finished" ? await this.keepRow(event.row, event.artifacts) : [];
    this.log.events.push(event.type === "cell-started" ? { ...event, machine: machineHere() } : event);
    await this.store.logs.write(this.log);
    for (const digest of outdated) await this.checkpoints.drop(digest);
  }

  /** Brings the files of a row into the store. Returns what is not needed once the log says so. */
  private async keepRow(row: number, artifacts: Record<string, string>): Promise<string[]> {
    const { id } = this.cell.record;
    const checkpoint = layout.checkpoint(id, row);
    for (const path of Object.keys(artifacts)) {
      if (path !== checkpoint) await this.store.results.putFile(join(this.directory, path));
    }
    if (!(checkpoint in artifacts)) return [];
    const earlier = this.keepAll ? {} : this.log.checkpoints;
    const tree = await this.checkpoints.putTree(join(this.directory, checkpoint));
    this.log.checkpoints = { ...(this.keepAll && this.log.checkpoints), [checkpoint]: tree };
    for (const path of Object.keys(earlier)) {
      if (path !== checkpoint) rmSync(pathInside(this.directory, path), { recursive: true, force: true });
    }
    const needed = new Set(Object.values(tree));
    return Object.values(earlier)
      .flatMap((files) => Object.values(files))
      .filter((digest) => !needed.has(digest));
  }

  private get checkpoints(): ContentStore {
    return this.store.checkpoints(this.cell.record.id);
  }
}

/** Whether a worker of this cell writes a file of that name. */
function isFileOf(cell: string, path: string): boolean {
  return path.startsWith(`${layout.cell(cell)}/`) || /^evaluations\/[0-9a-f]{32}\.json$/.test(path);
}

/** A full disk of one worker ends its cell, not the run. */
function ofThisMachine(error: Extract<CellResult, { ok: false }>["error"]) {
  return error.code === "STORAGE"
    ? { ...error, code: "CELL_FAILED" as const, message: `on ${machineHere().host}: ${error.message}` }
    : error;
}
