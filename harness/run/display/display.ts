import type { RunEvent } from "../../contract/event.js";

/** Shows a run while it goes on. It writes only to the stream that it was made with. */
export interface Display {
  show(event: RunEvent): void;
  /** Leaves the terminal as it was found. Can be called at any time, more than once. */
  close(): void;
}
