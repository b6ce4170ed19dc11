import type { AlertSettings } from "../../contract/alert.js";
import type { ObservationSettings } from "../../contract/config.js";
import type { ComputeSettings } from "../../contract/engine.js";
import type { ErrorRecord } from "../../contract/errors.js";
import type { CellProgress } from "../../contract/event.js";
import type { Confinement } from "../../contract/isolation.js";
import type { JournalEvent } from "../../contract/result.js";
import type { Suite } from "../../contract/suite.js";
import type { PlannedCell } from "../plan/cells.js";
import type { CellState } from "../store/cell-state.js";

/** What every worker of a run knows of it. */
export interface WorkerSetup {
  /** Run directory. */
  directory: string;
  plugins: string[];
  /** What their processes may see. */
  confinement: Confinement;
  /** The data that the plan was made from; its oracle stays behind, since functions do not cross threads. */
  suite: Omit<Suite, "oracle">;
  /** Directory of the base model. */
  model: string;
  /** Name of the engine that computes, where one opens the model. */
  engine?: string;
  compute: ComputeSettings;
  /** What models are opened on: a device, or those of one cell separated by commas. */
  device: string;
  threads: number;
  quick: boolean;
  alerts: AlertSettings;
  observation?: ObservationSettings;
  /** Prompts go through the model's chat template. */
  chat?: true;
  /** Where cells on several machines share evaluations of the base model. */
  sharing?: { store: string; run: string };
  /** One 32-bit integer; not 0 once the user cancelled. */
  cancelled: SharedArrayBuffer;
}

/** What a worker is asked to do: run a cell, or continue it after the rows that the journal names. */
export interface CellTask {
  cell: PlannedCell;
  finished: CellState["rows"];
}

/** A cell's task with the run that it belongs to: a thread may have worked for another run before. */
export interface WorkerTask extends CellTask {
  /** Differs between the runs of a process. */
  run: number;
  /** The setup but for `cancelled`, by `v8.serialize`, in shared memory. */
  setup: Uint8Array;
  cancelled: SharedArrayBuffer;
}

/** The result files of a cell: the path of the matrix, and the SHA-256 of every file by path. */
export interface Artifacts {
  matrix: string;
  files: Record<string, string>;
}

/** How a cell ended, as a record: fields of errors are lost between threads. */
export type CellResult = { ok: true; artifacts: Artifacts } | { ok: false; error: ErrorRecord };

/** What happens to a cell while it runs. */
export type CellEvent = Extract<JournalEvent, { type: "cell-started" | "row-finished" | "alert" }>;

/** What a worker posts while it runs a cell. `ended` is the last. */
export type WorkerMessage =
  | { type: "event"; event: CellEvent }
  | { type: "progress"; progress: CellProgress }
  /** `once`: the same text from other cells is not shown again. */
  | { type: "notice"; text: string; once?: boolean }
  | { type: "ended"; cell: string; result: CellResult };
