import { deserialize } from "node:v8";
import { parentPort } from "node:worker_threads";
import { toBenchError } from "../../contract/errors.js";
import { runCell } from "../cell/cell.js";
import type { CellResult, WorkerMessage, WorkerTask } from "./messages.js";
import { openWorkerContext, type WorkerContext } from "./worker-context.js";

const post = (message: WorkerMessage): void => parentPort!.postMessage(message);

/** Of the run that the last task belongs to. */
let current: { run: number; worker: Promise<WorkerContext> } | undefined;

function workerOf({ run, setup, cancelled }: WorkerTask): Promise<WorkerContext> {
  if (current?.run !== run) {
    current = { run, worker: openWorkerContext({ ...deserialize(Buffer.from(setup)), cancelled }, post) };
  }
  return current.worker;
}

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
export default async function runTask(task: WorkerTask): Promise<void> {
  post({ type: "ended", cell: task.cell.record.id, result: await resultOf(task) });
}

async function resultOf(task: WorkerTask): Promise<CellResult> {
  try {
    return { ok: true, artifacts: await runCell(task, await workerOf(task)) };
  } catch (error) {
    return { ok: false, error: toBenchError(error).toRecord() };
  }
}
