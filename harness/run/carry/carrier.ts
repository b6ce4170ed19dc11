import type { JournalEvent } from "../../contract/result.js";
import type { CellResult, CellTask, WorkerMessage } from "../pool/messages.js";

/** Whatever carries out the cells of a run: threads of this process, or an engine elsewhere. */
export interface Carrier {
  /** Carries out a cell and brings its result files into the run. Never rejects: a worker that dies is a failed cell. */
  run(task: CellTask): Promise<CellResult>;
  /** Ends what runs soon. What cells have finished is kept, and they end as CANCELLED. */
  cancel(): void;
  /**
   * Lets go of the workers. Call it when no cell runs.
   *
   * @param finished every cell of the run is done, so that nothing will be asked of it again.
   */
  close(finished: boolean): Promise<void>;
}

/** What a carrier says of its cells, but for their ends, which `run` returns. */
export type CarrierMessage =
  | Exclude<WorkerMessage, { type: "ended" }>
  | { type: "submitted"; event: Extract<JournalEvent, { type: "job-submitted" }> };
