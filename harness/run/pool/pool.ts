import { serialize } from "node:v8";
import { toBenchError } from "../../contract/errors.js";
import type { Carrier } from "../carry/carrier.js";
import type { CellResult, CellTask, WorkerMessage, WorkerSetup, WorkerTask } from "./messages.js";
import { closeThreads, leaveThreads, takeThreads } from "./threads.js";

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
  const shared = shareSetup(setup, cancelled);
  const threads = takeThreads(workers);
  const free = [...threads];
  const ends = new Map<string, (result: CellResult) => void>();
  let died = false;
  const hear = (message: WorkerMessage): void => {
    if (message.type === "ended") ends.get(message.cell)?.(message.result);
    else onMessage(message);
  };
  const report = (error: unknown): void => {
    died = true;
    onMessage({ type: "notice", text: `a worker died between cells: ${String(error)}` });
  };
  for (const { pool } of threads) pool.on("message", hear).on("error", report);
  return {
    async run(task) {
      const cell = task.cell.record.id;
      const thread = free.pop()!;
      const ended = new Promise<CellResult>((resolve) => ends.set(cell, resolve));
      try {
        await thread.pool.run({ ...task, ...shared } satisfies WorkerTask);
        return await ended;
      } catch (error) {
        died = true;
        return workerDied(error);
      } finally {
        ends.delete(cell);
        free.push(thread);
      }
    },
    cancel: () => void Atomics.store(new Int32Array(cancelled), 0, 1),
    async close() {
      if (died || ends.size > 0) return closeThreads(threads);
      for (const { pool } of threads) pool.off("message", hear).off("error", report);
      await leaveThreads(threads);
    },
  };
}

let runs = 0;

/** What the workers of a run get with each task: the setup is serialized once, and shared by the threads. */
function shareSetup(
  setup: Omit<WorkerSetup, "cancelled">,
  cancelled: SharedArrayBuffer,
): Omit<WorkerTask, keyof CellTask> {
  const bytes = serialize(setup);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return { run: runs++, setup: shared, cancelled };
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
