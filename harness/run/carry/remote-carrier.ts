import { setTimeout as pause } from "node:timers/promises";
import { BenchError, toBenchError } from "../../contract/errors.js";
import type { RunPlan } from "../plan/plan.js";
import type { CellResult, CellTask } from "../pool/messages.js";
import type { Carrier, CarrierMessage } from "./carrier.js";
import { type CellLog, eventKeys } from "./cell-log.js";
import { collectCell } from "./collect.js";
import type { JobBook } from "./job-book.js";
import type { RunStore } from "./run-store.js";

/** Pauses between two looks at the store, in milliseconds: as long as nothing changes, longer and longer. */
const looks = { shortest: 200, longest: 2000 };

/** Cells whose results are brought into the run at a time. */
const collectors = 8;

interface Pending {
  task: CellTask;
  resolve(result: CellResult): void;
  /** Events that the journal has, or that were said. */
  seen: Set<string>;
  /** Notices that were said. */
  notices: number;
  /** Of the log that was read last. */
  version?: string;
}

/**
 * Hands cells to an engine elsewhere and follows them by their logs in the store. Cells whose end is in the store are
 * collected, whoever computed them.
 */
export class RemoteCarrier implements Carrier {
  private readonly pending = new Map<string, Pending>();
  private following: Promise<void> | undefined;
  private cancelled = false;

  /**
   * @param journaled keys of the events of a cell that the journal has.
   * @param failed cells that failed before, which are to be tried again.
   */
  constructor(
    private readonly plan: Pick<RunPlan, "directory" | "config">,
    private readonly store: RunStore,
    private readonly jobs: JobBook,
    private readonly journaled: ReadonlyMap<string, ReadonlySet<string>>,
    private readonly failed: Set<string>,
    private readonly say: (message: CarrierMessage) => void,
  ) {}

  run(task: CellTask): Promise<CellResult> {
    return new Promise((resolve) => {
      const { id } = task.cell.record;
      this.pending.set(id, { task, resolve, seen: new Set(this.journaled.get(id)), notices: 0 });
      this.following ??= this.follow();
    });
  }

  cancel(): void {
    this.cancelled = true;
  }

  async close(finished: boolean): Promise<void> {
    await this.following;
    if (finished) await this.store.remove();
  }

  /** Until no cell is left. All cells of a run are there before the first pause ends, so that they become one job. */
  private async follow(): Promise<void> {
    let wait = 0;
    try {
      do {
        await this.pause(wait);
        if (this.cancelled) break;
        if (wait === 0) await this.jobs.recover(this.pending.keys());
        wait = (await this.look()) ? looks.shortest : Math.min(looks.longest, 2 * Math.max(wait, looks.shortest));
        await this.judge();
        await this.jobs.submit([...this.pending.values()].map(({ task }) => task.cell.record));
      } while (this.pending.size > 0);
      if (this.cancelled) await this.jobs.cancel();
    } catch (error) {
      for (const id of this.pending.keys()) this.settle(id, failure(error));
    }
    const record = new BenchError("CANCELLED", "the run was cancelled");
    for (const id of this.pending.keys()) this.settle(id, failure(record));
    this.following = undefined;
  }

  /** A pause that ends early when the run is cancelled. */
  private async pause(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0 && !this.cancelled; left -= looks.shortest) await pause(looks.shortest);
    if (milliseconds === 0) await pause(0);
  }

  /** Reads the logs that changed. Returns whether there were any. */
  private async look(): Promise<boolean> {
    const versions = await this.store.logs.versions((cell) => this.pending.has(cell));
    const changed = [...versions.keys()].flatMap((id) => {
      const cell = this.pending.get(id);
      return cell === undefined || cell.version === versions.get(id) ? [] : [[id, cell] as const];
    });
    const next = changed.values();
    const collect = async () => {
      for (const [id, cell] of next) {
        cell.version = versions.get(id)!;
        await this.read(id, cell);
      }
    };
    await Promise.all(Array.from({ length: collectors }, collect));
    return changed.length > 0;
  }

  private async read(id: string, cell: Pending): Promise<void> {
    let log: CellLog | undefined;
    try {
      log = await this.store.logs.read(id);
    } catch (error) {
      await this.forget(id, toBenchError(error));
    }
    if (log === undefined) return;
    const keys = eventKeys(log.events);
    for (const [index, event] of log.events.entries()) {
      const key = keys[index]!;
      if (cell.seen.has(key)) continue;
      cell.seen.add(key);
      this.say({ type: "event", event });
    }
    for (const notice of log.notices.slice(cell.notices)) this.say({ type: "notice", ...notice });
    cell.notices = log.notices.length;
    if (log.end === undefined) {
      if (log.progress !== undefined) this.say({ type: "progress", progress: log.progress });
    } else if (!log.end.ok && this.failed.delete(id)) {
      const { end: _end, ...open } = log;
      await this.store.logs.write(open);
    } else {
      this.settle(id, await this.collected(log, log.end));
    }
  }

  /** The end of a cell, once its files are in the run. One whose files are not what was written is to be computed again. */
  private async collected(log: CellLog, end: CellResult): Promise<CellResult> {
    if (!end.ok) return end;
    try {
      await collectCell(this.plan.directory, this.store, log, end.artifacts, this.plan.config.keepCheckpoints);
      return end;
    } catch (error) {
      await this.forget(log.cell, toBenchError(error));
      for (const digest of Object.values(end.artifacts.files)) await this.store.results.drop(digest);
      return failure(error);
    }
  }

  private async forget(cell: string, error: BenchError): Promise<void> {
    if (error.code !== "DATA_INVALID") throw error;
    this.say({ type: "notice", text: `cell ${cell} in the store is damaged: ${error.message}` });
    await this.store.logs.remove(cell);
  }

  /** Asks the engine about the jobs: which cells it gave up, and which are to be submitted again. */
  private async judge(): Promise<void> {
    if (!(await this.jobs.ask())) return;
    await this.look(); // the last words of a job that has ended
    for (const [cell, reason] of this.jobs.lost([...this.pending.keys()])) {
      const fix = "Look at what the engine logged, then run the same command again with --retry-failed.";
      this.settle(cell, failure(new BenchError("CELL_FAILED", reason, { fix })));
    }
  }

  private settle(id: string, result: CellResult): void {
    const cell = this.pending.get(id);
    this.pending.delete(id);
    cell?.resolve(result);
  }
}

const failure = (error: unknown): CellResult => ({ ok: false, error: toBenchError(error).toRecord() });
