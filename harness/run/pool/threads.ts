import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Piscina } from "piscina";
import { packageRoot } from "../../contract/files.js";

/** A thread that runs cells, with the variables that it copied when it started. */
export interface Thread {
  readonly pool: Piscina;
  readonly variables: string;
}

/** How long threads wait for another run, in milliseconds. */
const patience = 30_000;

/** Threads of the last runs of this process: to load the modules of a worker takes half a second of CPU. */
let idle: Thread[] = [];
let timer: NodeJS.Timeout | undefined;

/** As many threads: those that wait and have the variables of this process, and new ones. */
export function takeThreads(workers: number): Thread[] {
  const variables = JSON.stringify(process.env);
  const found = idle.filter((thread) => thread.variables === variables).slice(0, workers);
  idle = idle.filter((thread) => !found.includes(thread));
  const started = Array.from({ length: workers - found.length }, () => ({ pool: startThread(), variables }));
  return [...found, ...started];
}

const startThread = (): Piscina =>
  new Piscina({
    filename: join(packageRoot, "dist", "harness", "run", "pool", "worker.js"),
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: "disabled",
  }).on("error", () => {}); // one that dies while it waits is replaced, and nobody else hears of it

/** Lets threads without a task wait for the next run; no more wait than this run had or the machine has processors. */
export async function leaveThreads(threads: readonly Thread[]): Promise<void> {
  if (process.listeners("beforeExit").every((listener) => listener !== closeIdleThreads)) {
    process.on("beforeExit", closeIdleThreads);
  }
  const waiting = [...threads, ...idle];
  const most = Math.max(threads.length, availableParallelism());
  idle = waiting.slice(0, most);
  clearTimeout(timer);
  timer = setTimeout(closeIdleThreads, patience).unref();
  await closeThreads(waiting.slice(most));
}

/** Ends threads once they have done their tasks. */
export async function closeThreads(threads: readonly Thread[]): Promise<void> {
  await Promise.all(threads.map(({ pool }) => pool.close()));
}

async function closeIdleThreads(): Promise<void> {
  const threads = idle;
  idle = [];
  clearTimeout(timer);
  await closeThreads(threads);
}
