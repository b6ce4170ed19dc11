import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import type { Job, Launcher, LauncherDefinition } from "../harness/contract/launcher.js";

/** Child processes of this machine: a cell that takes its process down takes no other with it. They end with the coordinator. */
export const processes: LauncherDefinition = {
  name: "processes",
  summary: "child processes of this machine, which take nothing down when they die",
  options: { properties: {} },
  parallel: availableParallelism,
  open: async () => new ProcessLauncher(),
};

/** A job while this process carries it. */
interface Running {
  job: Job;
  waiting: string[];
  attempts: Map<string, number>;
  lost: Map<string, string>;
  children: Set<ChildProcess>;
  cancelled: boolean;
  done: Promise<void>;
}

class ProcessLauncher implements Launcher {
  private readonly jobs = new Map<string, Running>();

  async submit(job: Job): Promise<void> {
    if (this.jobs.has(job.id)) return;
    const running: Running = {
      ...{ job, waiting: [...job.cells], attempts: new Map(), lost: new Map(), children: new Set(), cancelled: false },
      done: Promise.resolve(),
    };
    this.jobs.set(job.id, running);
    running.done = Promise.all(Array.from({ length: job.parallel }, () => work(running))).then(() => undefined);
    void running.done.then(() => {
      running.cancelled = true;
    });
  }

  async state(id: string) {
    const job = this.jobs.get(id); // absent where an earlier process had it, with which it ended
    return { alive: job?.cancelled === false, lost: job?.lost ?? new Map<string, string>() };
  }

  async cancel(id: string): Promise<void> {
    const job = this.jobs.get(id);
    if (job === undefined) return;
    job.cancelled = true;
    for (const child of job.children) child.kill("SIGKILL");
    await job.done;
  }

  async close(): Promise<void> {
    for (const id of this.jobs.keys()) await this.cancel(id);
  }
}

/** One place of a job: a worker after the other, as long as cells are left and workers die. */
async function work(running: Running): Promise<void> {
  while (running.waiting.length > 0 && !running.cancelled) await serve(running);
}

/** Feeds one worker until no cell is left, or until it dies or takes too long. */
function serve(running: Running): Promise<void> {
  const { job, waiting } = running;
  const [program, ...words] = job.command;
  return new Promise((resolve) => {
    const child = spawn(program!, words, { stdio: ["pipe", "pipe", "pipe"] });
    running.children.add(child);
    let current: string | undefined;
    let why: string | undefined;
    let timer: NodeJS.Timeout | undefined;
    let said = "";
    const next = (): void => {
      clearTimeout(timer);
      current = running.cancelled ? undefined : waiting.shift();
      if (current === undefined) {
        child.stdin.end();
        return;
      }
      child.stdin.write(`${current}\n`);
      const { timeoutSeconds } = job.need;
      if (timeoutSeconds === undefined) return;
      timer = setTimeout(() => {
        why = `it took more than ${timeoutSeconds} seconds`;
        child.kill("SIGKILL");
      }, 1000 * timeoutSeconds);
    };
    const lines = createInterface({ input: child.stdout }).on("line", next);
    child.stderr.on("data", (text) => {
      said = `${said}${text}`.slice(-500);
    });
    for (const stream of [child.stdin, lines, child.stderr]) stream.on("error", () => undefined); // its end says more
    child.on("error", (error) => {
      why = error.message;
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      running.children.delete(child);
      if (current !== undefined) {
        const ended = `its worker ended with ${signal ?? `code ${code}`}${said === "" ? "" : `: ${said.trim()}`}`;
        giveBack(running, current, why ?? ended, why !== undefined);
      }
      resolve();
    });
    next();
  });
}

/** A cell whose worker died is tried again, as often as is allowed; one that took too long is not. */
function giveBack({ job, attempts, lost, waiting }: Running, cell: string, reason: string, final: boolean): void {
  const attempt = (attempts.get(cell) ?? 0) + 1;
  attempts.set(cell, attempt);
  if (final || attempt > job.need.retries) lost.set(cell, reason);
  else waiting.unshift(cell);
}
