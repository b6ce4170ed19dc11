import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { BenchError, toBenchError } from "../../contract/errors.js";
import type { Job, JobState, Launcher } from "../../contract/launcher.js";
import type { CellRecord, JournalEvent } from "../../contract/result.js";
import type { RunPlan } from "../plan/plan.js";
import type { CarrierMessage } from "./carrier.js";
import type { ObjectStore } from "./object-store.js";
import { putRequest, putShared, readRequest, type SharedParts, type SharedSetup } from "./request.js";
import { requestsOf } from "./run-store.js";

/** Between two questions to the engine, and how long it may be unreachable, in milliseconds. */
const engine = { pause: 3000, patience: 600_000 };

type Submitted = Extract<JournalEvent, { type: "job-submitted" }>;

/** A job, with its cells as they were handed in. */
interface KnownJob {
  cells: readonly string[];
  state: JobState;
}

/**
 * The jobs that cells were handed to. Each is journaled before it is submitted, so that a coordinator that was killed
 * finds it again; cells of a job that ended before them are submitted again.
 */
export class JobBook {
  /** Job of each cell that is in one which may still be alive. */
  private readonly jobOf = new Map<string, string>();
  /** How often a cell was submitted by this process. */
  private readonly attempts = new Map<string, number>();
  private readonly jobs = new Map<string, KnownJob>();
  private asked = Number.NEGATIVE_INFINITY;
  private unreachable: number | undefined;
  /** What is in the store since the first submission. */
  private shared: SharedParts | undefined;

  /**
   * @param journaled the jobs of earlier coordinators, in their order.
   * @param ended cells that failed or were cancelled before, which are to be tried again whatever became of them then.
   */
  constructor(
    private readonly plan: RunPlan & Required<Pick<RunPlan, "elsewhere">>,
    private readonly setup: SharedSetup,
    private readonly launcher: Launcher,
    private readonly objects: ObjectStore,
    private readonly journaled: readonly Submitted[],
    private readonly ended: ReadonlySet<string>,
    private readonly say: (message: CarrierMessage) => void,
  ) {}

  /**
   * Takes up the jobs of earlier coordinators that still run, or that gave up some of the cells meanwhile. The last job of
   * a cell counts.
   *
   * @throws LAUNCHER_FAILED.
   */
  async recover(cells: Iterable<string>): Promise<void> {
    const open = new Set(cells);
    const here = this.journaled.filter(({ launcher }) => launcher === this.plan.elsewhere.place);
    for (const { job, request } of here.reverse()) {
      if (open.size === 0) return;
      const all = await this.cellsIn(job, request);
      const own = all.filter((id) => open.delete(id));
      if (own.length > 0) await this.takeUp(job, all, own);
    }
  }

  /** Those of a request; none where it cannot be read, such as one of another version of bench, and its job has ended. */
  private async cellsIn(job: string, request: string): Promise<string[]> {
    try {
      return (await readRequest(requestsOf(this.objects), request)).cells.map(({ id }) => id);
    } catch (error) {
      if ((await this.launcher.state(job, []))?.alive === true) throw error;
      return [];
    }
  }

  private async takeUp(job: string, cells: readonly string[], own: readonly string[]): Promise<void> {
    const state = await this.launcher.state(job, cells);
    if (state === undefined) {
      this.say({ type: "notice", text: `the engine no longer knows job ${job}: how it ended is not known` });
      return;
    }
    const taken = own.filter((id) => state.alive || (state.lost.has(id) && !this.ended.has(id)));
    if (taken.length === 0) return;
    for (const id of taken) this.jobOf.set(id, job);
    this.jobs.set(job, { cells, state });
    if (state.alive) this.say({ type: "notice", text: `job ${job} is still there: it is followed` });
  }

  /** Submits those of some cells that are in no job. Throws LAUNCHER_FAILED. */
  async submit(cells: readonly CellRecord[]): Promise<void> {
    const free = cells.filter(({ id }) => !this.jobOf.has(id));
    if (free.length === 0) return;
    const { elsewhere, record, config, directory } = this.plan;
    const contents = requestsOf(this.objects);
    this.shared ??= await putShared(contents, this.plan, this.setup);
    const request = await putRequest(contents, this.plan, this.setup, this.shared, free);
    const job: Job = {
      id: `bench-${record.configDigest.slice(0, 8)}-${randomUUID().slice(0, 8)}`,
      command: [...elsewhere.command, "worker", this.objects.address, request],
      cells: free.map(({ id }) => id),
      parallel: Math.min(config.workers, free.length),
      need: elsewhere.need,
      logs: join(directory, "jobs"),
    };
    const event: Submitted = {
      ...{ type: "job-submitted", launcher: elsewhere.place, job: job.id, request, cells: free.length },
    };
    this.say({ type: "submitted", event });
    await this.launcher.submit(job);
    this.jobs.set(job.id, { cells: job.cells, state: { alive: true, lost: new Map() } });
    for (const { id } of free) {
      this.jobOf.set(id, job.id);
      this.attempts.set(id, (this.attempts.get(id) ?? 0) + 1);
    }
  }

  /** Asks the engine, not too often, what has become of the jobs. Returns whether there is something to judge. */
  async ask(): Promise<boolean> {
    const now = performance.now();
    if (now - this.asked < engine.pause) return false;
    this.asked = now;
    for (const [id, job] of this.jobs) if (job.state.alive) await this.askFor(id, job);
    return [...this.jobs.values()].some(({ state }) => !state.alive || state.lost.size > 0);
  }

  private async askFor(id: string, job: KnownJob): Promise<void> {
    try {
      const state = await this.launcher.state(id, job.cells);
      this.unreachable = undefined;
      job.state = state ?? { alive: false, detail: "the engine knows it no more", lost: new Map() };
    } catch (error) {
      this.endure(toBenchError(error, "LAUNCHER_FAILED"));
    }
  }

  /** An engine that cannot be reached for a while is no reason to give up. */
  private endure(error: BenchError): void {
    const now = performance.now();
    if (this.unreachable === undefined) this.say({ type: "notice", text: `${error.message}; trying again` });
    this.unreachable ??= now;
    if (now - this.unreachable > engine.patience) throw error;
  }

  /**
   * Those of some cells that have not ended and never will, with the reason. The others of jobs that have ended are
   * free to be submitted again, as often as the configuration allows.
   *
   * @throws LAUNCHER_FAILED where their jobs ended too often.
   */
  lost(cells: readonly string[]): Map<string, string> {
    const lost = new Map<string, string>();
    const again = new Map<string, number>();
    for (const cell of cells) {
      const job = this.jobOf.get(cell);
      const state = job === undefined ? undefined : this.jobs.get(job)!.state;
      const reason = this.isTriedAgain(cell) ? undefined : state?.lost.get(cell);
      if (reason !== undefined) lost.set(cell, reason);
      else if (job !== undefined && state?.alive === false) {
        const ended = `job ${job} ended before its cells${state.detail === undefined ? "" : `: ${state.detail}`}`;
        if ((this.attempts.get(cell) ?? 0) > this.plan.elsewhere.need.retries) {
          const fix = "Look at what the engine logged, then run the same command again: what is finished is kept.";
          throw new BenchError("LAUNCHER_FAILED", ended, { fix });
        }
        this.jobOf.delete(cell);
        again.set(ended, (again.get(ended) ?? 0) + 1);
      }
    }
    for (const [what, count] of again) {
      this.say({
        type: "notice",
        text: `${what}; ${count === 1 ? "1 cell is" : `${count} cells are`} submitted again`,
      });
    }
    for (const [job, { state }] of this.jobs) if (!state.alive) this.jobs.delete(job);
    return lost;
  }

  /** Whether what its job says of a cell is of an attempt that the journal knows the end of. */
  private isTriedAgain(cell: string): boolean {
    return this.ended.has(cell) && !this.attempts.has(cell);
  }

  /** Ends the jobs. Throws LAUNCHER_FAILED. */
  async cancel(): Promise<void> {
    for (const job of this.jobs.keys()) await this.launcher.cancel(job);
  }
}
