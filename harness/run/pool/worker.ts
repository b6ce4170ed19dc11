import { parentPort, workerData } from "node:worker_threads";
import { toBenchError } from "../../contract/errors.js";
import { runCell } from "../cell/cell.js";
import type { CellResult, CellTask, WorkerMessage, WorkerSetup } from "./messages.js";
import { openWorkerContext } from "./worker-context.js";

const post = (message: WorkerMessage): void => parentPort!.postMessage(message);

const worker = openWorkerContext(workerData as WorkerSetup, post);
worker.catch(() => undefined); // Each task awaits it and answers with its error.

// What plug-ins print must not break the display, nor the JSON on standard output.
for (const stream of [process.stdout, process.stderr]) {
  stream.write = ((text: string | Uint8Array, ...rest: unknown[]): boolean => {
    post({ type: "notice", text: (typeof text === "string" ? text : Buffer.from(text).toString()).trimEnd() });
    const written = rest.at(-1);
    if (typeof written === "function") queueMicrotask(() => written());
    return true;
  }) as typeof stream.write;
}

/** Entry of a pool's worker: runs one cell and posts how it ended, on the same way as its events and after them. */
export default async function runTask(task: CellTask): Promise<void> {
  post({ type: "ended", cell: task.cell.record.id, result: await resultOf(task) });
}

async function resultOf(task: CellTask): Promise<CellResult> {
  try {
    return { ok: true, artifacts: await runCell(task, await worker) };
  } catch (error) {
    return { ok: false, error: toBenchError(error).toRecord() };
  }
}
