import type { Alert } from "./alert.js";
import type { ErrorRecord } from "./errors.js";
import type { CellStatus } from "./result.js";

/** What happens in a run while it goes on, as displays and reporters see it. */
export type RunEvent =
  | {
      type: "run-started";
      directory: string;
      workers: number;
      cells: DisplayedCell[];
      expected: { low: number; high: number };
    }
  | { type: "cell-started"; cell: string; fromRow: number }
  | { type: "cell-progress"; progress: CellProgress }
  | { type: "row-finished"; cell: string; row: number }
  | { type: "alert"; cell: string; alert: Alert }
  /** `score`: mean over the tasks of the last row. */
  | { type: "cell-finished"; cell: string; score: number | null }
  | { type: "cell-failed"; cell: string; error: ErrorRecord }
  | { type: "cell-cancelled"; cell: string }
  | { type: "notice"; text: string }
  | { type: "run-finished"; done: number; failed: number; cancelled: number; wallSeconds: number };

/** A cell as a run starts. */
export interface DisplayedCell {
  id: string;
  trainer: string;
  order: string;
  seed: number;
  tasks: string[];
  status: CellStatus;
  /** Last finished row, null before row 0. */
  row: number | null;
  /** What the cell is expected to take. */
  seconds: number;
}

/** How far a cell is within a row of its matrix. */
export interface CellProgress {
  cell: string;
  /** The row that is being worked for. */
  row: number;
  phase: "learn" | "evaluate";
  /** Steps, or answers. */
  done: number;
  total: number;
  loss?: number;
  tokensPerSecond?: number;
}
