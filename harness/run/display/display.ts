import type { Alert } from "../../contract/alert.js";
import type { ErrorRecord } from "../../contract/errors.js";
import type { CellStatus } from "../../contract/result.js";
import type { CellProgress } from "../pool/messages.js";

/** What happens in a run, as far as people want to see it. */
export type RunEvent =
  | { type: "run-started"; directory: string; workers: number; cells: DisplayedCell[] }
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

/** Shows a run while it goes on. It writes only to the stream that it was made with. */
export interface Display {
  show(event: RunEvent): void;
  /** Leaves the terminal as it was found. Can be called at any time, more than once. */
  close(): void;
}
