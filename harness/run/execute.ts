import { rmSync } from "node:fs";
import { join } from "node:path";
import { BenchError, type ErrorRecord, toBenchError } from "../contract/errors.js";
import type { DisplayedCell } from "../contract/event.js";
import type { Launcher } from "../contract/launcher.js";
import type { CellRecord, JournalEvent, MatrixRecord, RunRecord } from "../contract/result.js";
import { meanOrNull } from "../metrics/definition.js";
import { type AlertDispatcher, dispatcherOf } from "./alerts/alert-dispatcher.js";
import type { Carrier, CarrierMessage } from "./carry/carrier.js";
import { openCarrier } from "./carry/open-carrier.js";
import { pruneCheckpoints, removeCheckpoint } from "./cell/checkpoint.js";
import { judgeSynthetic } from "./cell/synthetic.js";
import type { Display } from "./display/display.js";
import { PeakMemory } from "./peak-memory.js";
import type { PlannedCell } from "./plan/cells.js";
import { shareOf } from "./plan/estimate.js";
import type { RunPlan } from "./plan/plan.js";
import type { CellResult, WorkerMessage } from "./pool/messages.js";
import { applyEvent, type CellState, cellStates } from "./store/cell-state.js";
import { type OpenRun, openRun } from "./store/open-run.js";
import { withProgressFile } from "./store/progress-file.js";
import { readJson, resultFiles, unprotectedNotices } from "./store/store.js";

export interface RunOutcome {
  directory: string;
  run: RunRecord;
  /** `failed` as soon as one cell failed; `cancelled` when the user stopped it before all cells ended. */
  status: "done" | "failed" | "cancelled";
  done: number;
  failed: number;
  cancelled: number;
  failures: { cell: CellRecord; error: ErrorRecord }[];
  /** True when nothing was left to do: this is the stored result. */
  stored: boolean;
}

export interface RunOptions {
  display: Display;
  /** When it aborts, running cells stop at their next step and keep what they have finished. */
  cancellation?: AbortSignal;
}

/**
 * Runs a plan, or what is left of it, in its directory. Cells that end with an error leave the others alone and are
 * reported in the outcome.
 *
 * @throws CONFIG_INVALID for a webhook without an address, RUN_LOCKED, RUN_MISMATCH, DATA_INVALID for a corrupt journal; STORAGE when the directory cannot be written,
 *   after all that could be kept was kept.
 */
export async function executeRun(plan: RunPlan, options: RunOptions): Promise<RunOutcome> {
  const launcher = await plan.elsewhere?.open();
  const display = withProgressFile(options.display, plan.directory);
  try {
    const run = openRun(plan);
    try {
      return await new Coordinator(plan, run, launcher, { ...options, display }).execute();
    } finally {
      run.close();
    }
  } finally {
    display.close();
    await launcher?.close();
  }
}

/** The main thread's part of a run. It hands out cells, journals what workers say and announces it; it never computes. */
class Coordinator {
  private readonly started = performance.now();
  private readonly memory = new PeakMemory();
  private readonly states: Record<string, CellState>;
  private readonly waiting: PlannedCell[];
  /** What makes it pointless to go on, such as a full disk. */
  private fatal: BenchError | undefined;
  private carrier: Carrier | undefined;
  private readonly dispatcher: AlertDispatcher;
  /** Notices that are shown once, whichever cells raise them. */
  private readonly shown = new Set<string>();

  constructor(
    private readonly plan: RunPlan,
    private readonly run: OpenRun,
    private readonly launcher: Launcher | undefined,
    private readonly options: RunOptions,
  ) {
    this.states = cellStates(run.record.cells, run.journal.content.events);
    this.waiting = plan.cells.filter(({ record }) => !this.isSettled(record.id));
    this.dispatcher = dispatcherOf(
      plan,
      (cell, alert, attempts) => void this.journal({ type: "alert-delivered", cell, alert, attempts }),
      (text) => options.display.show({ type: "notice", text }),
      options.cancellation,
    );
  }

  async execute(): Promise<RunOutcome> {
    for (const text of [
      ...(this.plan.suite.notes ?? []),
      ...(this.plan.record.model.notes ?? []),
      ...(this.plan.memory.reason === undefined ? [] : [this.plan.memory.reason]),
      ...this.plan.notices,
      ...this.run.notices,
      ...unprotectedNotices(this.run.record.cells, this.states, this.run.files),
    ]) {
      this.options.display.show({ type: "notice", text });
    }
    const stored = this.waiting.length === 0;
    this.dispatcher.sendAgain(this.states);
    if (!stored) await this.runCells();
    await this.dispatcher.settle();
    if (this.fatal !== undefined) throw this.fatal;
    const outcome = this.outcome(stored);
    const last = this.run.journal.content.events.findLast(({ type }) => type !== "alert-delivered");
    if (!stored || last?.type !== "run-finished") this.finish(outcome);
    return outcome;
  }

  private async runCells(): Promise<void> {
    const { plan } = this;
    const { display, cancellation } = this.options;
    const workers = Math.min(plan.config.workers, this.waiting.length);
    const { low, high } = shareOf(plan.estimate, this.waiting);
    display.show({
      type: "run-started",
      directory: plan.directory,
      workers,
      cells: plan.cells.map((cell) => this.displayed(cell)),
      expected: { low, high },
    });
    const { configDigest } = this.run.record;
    this.journal({ type: "run-started", configDigest, pid: process.pid, files: this.run.written });
    if (this.fatal !== undefined) return;
    const { events } = this.run.journal.content;
    const carrier = await openCarrier(
      { plan, workers, launcher: this.launcher, events, states: this.states },
      (message) => this.hear(message),
    );
    this.carrier = carrier;
    const cancel = (): void => carrier.cancel();
    cancellation?.addEventListener("abort", cancel);
    this.memory.start();
    try {
      // An engine elsewhere gets all cells together, and has its own queue.
      const slots = plan.elsewhere === undefined ? workers : this.waiting.length;
      await Promise.all(Array.from({ length: slots }, () => this.serve(carrier)));
    } finally {
      this.memory.stop();
      cancellation?.removeEventListener("abort", cancel);
      await carrier.close(Object.values(this.states).every(({ status }) => status === "done"));
    }
  }

  /** One slot of the carrier: takes the next cell as long as there is one. */
  private async serve(carrier: Carrier): Promise<void> {
    while (!this.isStopping()) {
      const cell = this.waiting.shift();
      if (cell === undefined) return;
      this.settle(cell.record.id, await carrier.run({ cell, finished: this.states[cell.record.id]!.rows }));
    }
  }

  private hear(message: CarrierMessage): void {
    const { display } = this.options;
    if (message.type === "progress") display.show({ type: "cell-progress", progress: message.progress });
    else if (message.type === "notice") this.notify(message);
    else if (message.type === "submitted") this.journal(message.event);
    else if (this.journal(message.event)) {
      const { event } = message;
      if (event.type === "row-finished") this.dropCheckpointsBefore(event.cell, event.row);
      if (event.type === "alert") this.dispatcher.send(event.cell, event.alert);
      display.show(event.type === "row-finished" ? { type: event.type, cell: event.cell, row: event.row } : event);
    }
  }

  private notify({ text, once }: Extract<WorkerMessage, { type: "notice" }>): void {
    if (once && this.shown.has(text)) return;
    if (once) this.shown.add(text);
    this.options.display.show({ type: "notice", text });
  }

  private settle(cell: string, result: CellResult): void {
    const { display } = this.options;
    if (result.ok) {
      const { matrix } = result.artifacts;
      const files = this.judge(cell, result.artifacts.files);
      if (files === undefined || !this.journal({ type: "cell-finished", cell, matrix, files })) return;
      this.keepCheckpoints(cell);
      display.show({ type: "cell-finished", cell, score: this.scoreOf(matrix) });
      return;
    }
    const { error } = result;
    const stops = error.code === "STORAGE" || error.code === "LAUNCHER_FAILED";
    if (stops) this.stop(BenchError.fromRecord(error));
    if (stops || error.code === "CANCELLED") {
      if (this.journal({ type: "cell-cancelled", cell })) display.show({ type: "cell-cancelled", cell });
    } else if (this.journal({ type: "cell-failed", cell, error })) {
      display.show({ type: "cell-failed", cell, error });
    }
  }

  /**
   * Asks the suite's rule about what a cell wrote. Returns the digests of the cell's files after that; undefined when it
   * could not be stored, which stops the run.
   */
  private judge(cell: string, files: Record<string, string>): Record<string, string> | undefined {
    try {
      return judgeSynthetic(this.plan.directory, cell, this.plan.suite.oracle, files);
    } catch (error) {
      this.stop(toBenchError(error, "STORAGE"));
      return undefined;
    }
  }

  /** Appends an event and takes note of it; false when it could not be written, which stops the run. */
  private journal(event: JournalEvent): boolean {
    try {
      this.run.journal.append(event);
    } catch (error) {
      this.stop(toBenchError(error, "STORAGE"));
      return false;
    }
    applyEvent(this.states, event);
    return true;
  }

  private stop(error: BenchError): void {
    this.fatal ??= error;
    this.carrier?.cancel();
  }

  private isStopping(): boolean {
    return this.fatal !== undefined || this.options.cancellation?.aborted === true;
  }

  /** Whether there is nothing left to do for a cell in this run. A cell whose files were damaged is measured again. */
  private isSettled(cell: string): boolean {
    const { files } = this.run;
    const { status } = this.states[cell]!;
    if (status === "failed") return !this.plan.config.retryFailed;
    if (status !== "done") return false;
    const damaged = resultFiles(files, cell).filter((path) => !files.isIntact(path));
    for (const path of damaged) {
      const text = `${path} is missing or was changed after it was written: cell ${cell} is measured again`;
      this.options.display.show({ type: "notice", text });
    }
    return damaged.length === 0;
  }

  /** The journal names a later row: what came before is no longer needed to resume. */
  private dropCheckpointsBefore(cell: string, row: number): void {
    if (this.plan.config.keepCheckpoints === "all") return;
    for (const earlier of this.states[cell]!.rows) {
      if (earlier.row < row) removeCheckpoint(this.plan.directory, cell, earlier.row);
    }
  }

  private keepCheckpoints(cell: string): void {
    const rows = this.states[cell]!.rows.map(({ row }) => row);
    const kept = { all: rows, last: rows.slice(-1), none: [] }[this.plan.config.keepCheckpoints];
    pruneCheckpoints(this.plan.directory, cell, kept);
  }

  private scoreOf(matrix: string): number | null {
    return meanOrNull(readJson<MatrixRecord>(join(this.plan.directory, matrix)).rows.at(-1)!);
  }

  private outcome(stored: boolean): RunOutcome {
    const { run } = this;
    const cells = run.record.cells.map((cell) => ({ cell, state: this.states[cell.id]! }));
    const failures = cells.flatMap(({ cell, state }) =>
      state.status === "failed" ? [{ cell, error: state.error! }] : [],
    );
    const done = cells.filter(({ state }) => state.status === "done").length;
    const cancelled = cells.length - done - failures.length;
    const status = cancelled > 0 ? "cancelled" : failures.length > 0 ? "failed" : "done";
    const { directory } = this.plan;
    return { directory, run: run.record, status, done, failed: failures.length, cancelled, failures, stored };
  }

  private finish({ done, failed, cancelled }: RunOutcome): void {
    const earlier = this.run.journal.content.events.flatMap((event) => (event.type === "run-finished" ? [event] : []));
    const wallSeconds = earlier.reduce(
      (sum, event) => sum + event.wallSeconds,
      (performance.now() - this.started) / 1000,
    );
    const peakMemoryBytes = Math.max(this.memory.bytes, ...earlier.map((event) => event.peakMemoryBytes));
    this.journal({ type: "run-finished", done, failed, cancelled, peakMemoryBytes, wallSeconds });
    if (this.fatal !== undefined) throw this.fatal;
    if (failed + cancelled === 0) rmSync(join(this.plan.directory, "evaluations"), { recursive: true, force: true });
    this.options.display.show({ type: "run-finished", done, failed, cancelled, wallSeconds });
  }

  private displayed({ record, order }: PlannedCell): DisplayedCell {
    const { status, rows } = this.states[record.id]!;
    const { id, trainer, seed } = record;
    const seconds = this.plan.estimate.cells[id]!;
    return { id, trainer, order: record.order, seed, tasks: order, status, row: rows.at(-1)?.row ?? null, seconds };
  }
}
