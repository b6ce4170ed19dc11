import type { Alert } from "../alert.js";
import type { ErrorRecord } from "../errors.js";

/** A machine that carried out cells of a run. */
export interface MachineRecord {
  host: string;
  /** Model of its processors; null where the system does not report it. */
  cpu: string | null;
  cores: number;
  memoryBytes: number;
  /** Operating system and architecture. */
  platform: string;
  /** Version of Node. */
  node: string;
}

/** One line of `journal.jsonl`, with a checksum and a sequence number around it. */
export type JournalEvent =
  /** `files`: SHA-256 of run.json and examples.jsonl by path; absent in runs of earlier versions. */
  | { type: "run-started"; configDigest: string; pid: number; files?: Record<string, string> }
  /**
   * Written right before run.json is, where a run gets further cells. `configDigest`, `command`: of the run from then on.
   * `cells`: the further ones. `before`, `files`: SHA-256 of run.json as it was and as it becomes, by path; until the next
   * `run-started` either may be there.
   */
  | {
      type: "run-extended";
      configDigest: string;
      command: string;
      cells: string[];
      before: Record<string, string>;
      files: Record<string, string>;
    }
  /** `machine`: absent where it is the one of the run's environment. */
  | { type: "cell-started"; cell: string; fromRow: number; machine?: MachineRecord }
  /** Written before cells are handed to an engine elsewhere. `request`: digest of what names them, in the store. */
  | { type: "job-submitted"; launcher: string; job: string; request: string; cells: number }
  | { type: "row-finished"; cell: string; row: number; artifacts: Record<string, string> }
  /** Written before the `row-finished` of its row, so that no finished row lacks its alerts. */
  | { type: "alert"; cell: string; alert: Alert }
  /** A webhook took the alert of that id. */
  | { type: "alert-delivered"; cell: string; alert: string; attempts: number }
  /** `files`: SHA-256 of every result file of the cell by path; absent in runs of earlier versions. */
  | { type: "cell-finished"; cell: string; matrix: string; files?: Record<string, string> }
  | { type: "cell-failed"; cell: string; error: ErrorRecord }
  | { type: "cell-cancelled"; cell: string }
  | {
      type: "run-finished";
      done: number;
      failed: number;
      cancelled: number;
      peakMemoryBytes: number;
      wallSeconds: number;
    };
