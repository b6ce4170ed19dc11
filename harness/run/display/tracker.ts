import type { Alert } from "../../contract/alert.js";
import type { CellProgress, DisplayedCell, RunEvent } from "../../contract/event.js";

/** What a tracker knows of one cell. */
export interface TrackedCell extends DisplayedCell {
  progress?: CellProgress;
  /** Raised since the last measured row, and what that row raised. */
  alerts: { pending: Alert[]; ofRow: Alert[] };
  /** When it started in this session, in milliseconds of the clock. */
  startedAt?: number;
  /** Share of its work that was done when it started in this session. */
  startedFrom: number;
}

/** Work of row 0 against that of a later row: an evaluation without learning. */
const baseRow = 0.4;
/** Share of a row's work that is learning; the rest is answering. */
const learning = 0.6;

/** Follows a run's events: what each cell does, how much is done, how long the rest will take. */
export class RunTracker {
  readonly cells = new Map<string, TrackedCell>();
  directory = "";
  private startedAt = 0;
  private startedFrom = 0;

  constructor(private readonly clock: () => number = () => performance.now()) {}

  apply(event: RunEvent): void {
    switch (event.type) {
      case "run-started":
        this.directory = event.directory;
        for (const cell of event.cells)
          this.cells.set(cell.id, { ...cell, startedFrom: 0, alerts: { pending: [], ofRow: [] } });
        this.startedAt = this.clock();
        this.startedFrom = this.workDone();
        break;
      case "cell-started": {
        const cell = this.cells.get(event.cell)!;
        Object.assign(cell, { status: "running", row: event.fromRow === 0 ? null : event.fromRow - 1 });
        Object.assign(cell, { startedAt: this.clock(), startedFrom: this.fraction(cell) });
        break;
      }
      case "cell-progress":
        this.cells.get(event.progress.cell)!.progress = event.progress;
        break;
      case "alert":
        this.cells.get(event.cell)!.alerts.pending.push(event.alert);
        break;
      case "row-finished": {
        const cell = this.cells.get(event.cell)!;
        const alerts = { pending: [], ofRow: cell.alerts.pending };
        Object.assign(cell, { row: event.row, progress: undefined, alerts });
        break;
      }
      case "cell-finished":
        this.cells.get(event.cell)!.status = "done";
        break;
      case "cell-failed":
        this.cells.get(event.cell)!.status = "failed";
        break;
      case "cell-cancelled":
        this.cells.get(event.cell)!.status = "cancelled";
        break;
    }
  }

  list(status: TrackedCell["status"]): TrackedCell[] {
    return [...this.cells.values()].filter((cell) => cell.status === status);
  }

  /** Share of a cell's work that is done, on 0..1. */
  fraction(cell: TrackedCell): number {
    if (cell.status === "done" || cell.status === "failed") return 1;
    const finished = cell.row === null ? 0 : baseRow + cell.row;
    const { progress } = cell;
    if (progress === undefined) return finished / (baseRow + cell.tasks.length);
    const share = progress.total === 0 ? 0 : progress.done / progress.total;
    const within =
      progress.phase === "learn" ? learning * share : progress.row === 0 ? share : learning + (1 - learning) * share;
    const target = baseRow + progress.row;
    return (finished + (target - finished) * within) / (baseRow + cell.tasks.length);
  }

  /** Seconds since a cell started in this session. */
  elapsed(cell: TrackedCell): number {
    return cell.startedAt === undefined ? 0 : (this.clock() - cell.startedAt) / 1000;
  }

  /** Seconds that a running cell still needs at its present pace; undefined until it can be estimated. */
  cellSecondsLeft(cell: TrackedCell): number | undefined {
    return secondsLeft(this.fraction(cell) - cell.startedFrom, 1 - this.fraction(cell), this.elapsed(cell));
  }

  /** Seconds that the whole run still needs at its present pace; undefined until it can be estimated. */
  secondsLeft(): number | undefined {
    const done = this.workDone();
    return secondsLeft(done - this.startedFrom, this.work() - done, (this.clock() - this.startedAt) / 1000);
  }

  /** Share of the whole run that is done, on 0..1. */
  totalFraction(): number {
    return this.work() === 0 ? 1 : this.workDone() / this.work();
  }

  private work(): number {
    return sum([...this.cells.values()].map(weight));
  }

  private workDone(): number {
    return sum([...this.cells.values()].map((cell) => weight(cell) * this.fraction(cell)));
  }
}

function secondsLeft(done: number, left: number, elapsed: number): number | undefined {
  return done > 0.005 && elapsed > 1 ? (left / done) * elapsed : undefined;
}

/** A cell's part of the run; even a cell that is expected to take no time is worth a little. */
const weight = (cell: DisplayedCell): number => Math.max(cell.seconds, 0.1);
const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
