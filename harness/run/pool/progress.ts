import type { CellProgress } from "../../contract/event.js";
import type { WorkerContext } from "./worker-context.js";

/** Milliseconds between two messages of one cell, so that the main thread has little to do. */
const interval = 200;

/** A reporter that posts the first message, then at most five a second. */
export function progressReporter(worker: WorkerContext): (progress: CellProgress) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const now = performance.now();
    if (now - last < interval) return;
    last = now;
    worker.post({ type: "progress", progress });
  };
}
