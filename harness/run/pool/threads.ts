import { join } from "node:path";
import { Piscina } from "piscina";
import { packageRoot } from "../../contract/files.js";

/** Threads that run cells, with the variables that they copied when they started. */
export interface Threads {
  readonly pool: Piscina;
  readonly workers: number;
  readonly variables: string;
}

/** How long threads wait for another run, in milliseconds. */
const patience = 30_000;

/** The threads of the last run of this process: to load the modules of a worker takes half a second of CPU. */
let idle: { threads: Threads; timer: NodeJS.Timeout } | undefined;

/** The threads that wait, where they are as many and have the same variables; else new ones. */
export function takeThreads(workers: number): Threads {
  const variables = JSON.stringify(process.env);
  if (idle?.threads.workers === workers && idle.threads.variables === variables) {
    const { threads, timer } = idle;
    clearTimeout(timer);
    idle = undefined;
    return threads;
  }
  const pool = new Piscina({
    filename: join(packageRoot, "dist", "harness", "run", "pool", "worker.js"),
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: "disabled",
  });
  return { pool, workers, variables };
}

/** Lets threads without a task wait for the next run, in place of those that wait. */
export async function leaveThreads(threads: Threads): Promise<void> {
  await closeIdleThreads();
  if (process.listeners("beforeExit").every((listener) => listener !== closeIdleThreads)) {
    process.on("beforeExit", closeIdleThreads);
  }
  idle = { threads, timer: setTimeout(closeIdleThreads, patience).unref() };
}

async function closeIdleThreads(): Promise<void> {
  if (idle === undefined) return;
  const { threads, timer } = idle;
  clearTimeout(timer);
  idle = undefined;
  await threads.pool.close();
}
