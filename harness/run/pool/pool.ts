import { join } from "node:path";
import { Piscina } from "piscina";
import { toBenchError } from "../../contract/errors.js";
import { packageRoot } from "../../contract/files.js";
import type { Carrier } from "../carry/carrier.js";
import type { CellResult, WorkerMessage, WorkerSetup } from "./messages.js";

/**
 * Threads that run one cell at a time each: give it no more concurrent cells than there are workers. They are never
 * aborted: inside a native call that ends the process. `onMessage` gets all that they post but the ends of cells.
 */
export function openPool(
  setup: Omit<WorkerSetup, "cancelled">,
  workers: number,
  onMessage: (message: Exclude<WorkerMessage, { type: "ended" }>) => void,
): Carrier {
  const cancelled = new SharedArrayBuffer(4);
  const workerData: WorkerSetup = { ...setup, cancelled };
  const pool = new Piscina({
    filename: join(packageRoot, "dist", "harness", "run", "pool", "worker.js"),
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: "disabled",
    workerData,
  });
  const ends = new Map<string, (result: CellResult) => void>();
  pool.on("message", (message: WorkerMessage) => {
    if (message.type === "ended") ends.get(message.cell)?.(message.result);
    else onMessage(message);
  });
  pool.on("error", (error) => onMessage({ type: "notice", text: `a worker died between cells: ${String(error)}` }));
  return {
    async run(task) {
      const cell = task.cell.record.id;
      const ended = new Promise<CellResult>((resolve) => ends.set(cell, resolve));
      try {
        await pool.run(task);
        return await ended;
      } catch (error) {
        return workerDied(error);
      } finally {
        ends.delete(cell);
      }
    },
    cancel: () => void Atomics.store(new Int32Array(cancelled), 0, 1),
    close: () => pool.close(),
  };
}

function workerDied(thrown: unknown): CellResult {
  const memory = (thrown as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY";
  const { message, stack } = toBenchError(thrown);
  return {
    ok: false,
    error: {
      code: "CELL_FAILED",
      message: memory ? "the worker ran out of memory" : `the worker died: ${message}`,
      fix: memory
        ? "Give it more with NODE_OPTIONS=--max-old-space-size=<megabytes>, or run fewer workers."
        : "Mend the trainer: it must neither exit nor leave a promise that rejects unseen.",
      ...(stack === undefined ? {} : { stack }),
    },
  };
}
