import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../harness/contract/errors.js";
import type { Job, JobState, Launcher, LauncherDefinition } from "../harness/contract/launcher.js";

const text = (description: string) => ({ type: "string", minLength: 1, description });

/** Slurm: a run's cells are arrays of batch jobs, one element a cell, which go on without this process. */
export const slurm: LauncherDefinition = {
  name: "slurm",
  summary: "a Slurm cluster, by sbatch, squeue, sacct or scontrol, and scancel of this machine",
  options: {
    properties: {
      partition: text("where the jobs wait"),
      account: text("who pays for them"),
      qos: text("quality of service"),
      time: text("most time of an element, as sbatch reads it, such as 04:00:00"),
      arguments: {
        type: "array",
        items: { type: "string" },
        default: [],
        description: "further arguments of sbatch, such as --constraint=a100",
      },
    },
  },
  async open(_place, options) {
    const config = await slurmCommand("scontrol", ["show", "config"]);
    const largest = Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(config)?.[1] ?? 1001);
    const accounts = /^AccountingStorageType\s*=\s*accounting_storage\/slurmdbd/m.test(config);
    return new SlurmLauncher(options as unknown as SlurmOptions, largest, accounts);
  },
};

interface SlurmOptions {
  partition?: string;
  account?: string;
  qos?: string;
  time?: string;
  arguments: string[];
}

/** States of an element that may still end well. */
const living = new Set(
  "PENDING RUNNING CONFIGURING COMPLETING SUSPENDED REQUEUED REQUEUE_HOLD RESIZING SIGNALING STOPPED".split(" "),
);

class SlurmLauncher implements Launcher {
  /** How elements ended, by job and index. */
  private readonly endings = new Map<string, Map<number, Ending>>();

  /**
   * @param largest index of an array plus one that this cluster allows.
   * @param accounts whether `sacct` knows how elements ended that `squeue` no longer lists.
   */
  constructor(
    private readonly options: SlurmOptions,
    private readonly largest: number,
    private readonly accounts: boolean,
  ) {}

  async submit(job: Job): Promise<void> {
    if ((await this.elements(job.id)).length > 0) return;
    mkdirSync(job.logs, { recursive: true });
    for (let first = 0; first < job.cells.length; first += this.largest) {
      const last = Math.min(this.largest, job.cells.length - first) - 1;
      await slurmCommand("sbatch", this.arguments(job, first, last), script(job, first));
    }
  }

  async state(id: string, cells: readonly string[]): Promise<JobState | undefined> {
    const elements = await this.elements(id);
    const failed = elements.filter(({ state }) => !living.has(state) && state !== "COMPLETED");
    const endings = await this.endingsOf(id, elements, failed);
    for (const { index, state, reason } of failed) {
      endings.set(index, { state, reason, exit: endings.get(index)?.exit });
    }
    if (elements.length === 0 && endings.size === 0) return undefined;
    const alive = elements.some(({ state }) => living.has(state));
    const waiting = elements.find(({ state }) => state === "PENDING");
    const running = new Set(elements.flatMap(({ index, state }) => (living.has(state) ? [index] : [])));
    const lost = [...endings].flatMap(([index, { state, reason, exit }]) => {
      const cell = cells[index];
      if (cell === undefined || state === "COMPLETED" || running.has(index)) return [];
      const why = [reason ?? [], exitText(exit) ?? []].flat().join(", ");
      const element = index % this.largest;
      const log = `${id}.${index - element}-${element}.log`;
      return [[cell, `Slurm ended it: ${state}${why === "" ? "" : ` (${why})`}; see ${log}`] as const];
    });
    return { alive, ...(waiting !== undefined && { detail: waiting.reason }), lost: new Map(lost) };
  }

  async cancel(id: string): Promise<void> {
    const jobs = new Set((await this.elements(id)).map(({ job }) => job));
    if (jobs.size > 0) await slurmCommand("scancel", [...jobs]);
  }

  async close(): Promise<void> {}

  private arguments({ id, parallel, need, logs }: Job, first: number, last: number): string[] {
    const { partition, account, qos, time, arguments: further } = this.options;
    const given = { partition, account, qos, time };
    return [
      `--job-name=${id}.${first}`,
      `--array=0-${last}%${parallel}`,
      `--cpus-per-task=${need.cpus}`,
      ...(need.gpus > 0 ? [`--gres=gpu:${need.gpus}`] : []),
      ...(need.memoryBytes === undefined ? [] : [`--mem=${Math.ceil(need.memoryBytes / 2 ** 20)}M`]),
      ...Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
      "--requeue",
      `--output=${join(logs, `${id}.${first}-%a.log`)}`,
      ...further,
    ];
  }

  /**
   * How the elements of a job ended: by `sacct` where the cluster keeps accounts, else by `scontrol`, which forgets them as
   * `squeue` does. Asked when this process sees the job for the first time, when `squeue` lists none of it, and when one
   * failed since. Without an answer nothing is known: the run does not depend on it.
   */
  private async endingsOf(
    id: string,
    elements: readonly Element[],
    failed: readonly Element[],
  ): Promise<Map<number, Ending>> {
    const known = this.endings.get(id);
    const isKnown = known !== undefined && failed.every(({ index }) => known.has(index));
    if (isKnown && (elements.length > 0 || known.size > 0)) return known;
    const found = this.accounts
      ? endingsIn(id, await slurmCommand("sacct", sacctWords(id)).catch(() => ""))
      : await this.shown(id, elements);
    const all = new Map([...(known ?? []), ...found]);
    this.endings.set(id, all);
    return all;
  }

  /** What `scontrol` says of the elements of some arrays. */
  private async shown(id: string, elements: readonly Element[]): Promise<Map<number, Ending>> {
    const found = new Map<number, Ending>();
    for (const job of new Set(elements.map((element) => element.job))) {
      const lines = await slurmCommand("scontrol", ["--oneliner", "show", "job", job]).catch(() => ""); // forgotten by now
      for (const line of lines.split("\n")) {
        const field = (name: string) => new RegExp(`(?:^|\\s)${name}=(\\S+)`).exec(line)?.[1];
        const index = indexOf(id, field("JobName"), field("ArrayTaskId"));
        const state = field("JobState");
        if (index === undefined || state === undefined || living.has(state)) continue;
        found.set(index, { state, reason: field("Reason"), exit: field("ExitCode") });
      }
    }
    return found;
  }

  /** The elements of a job that Slurm still knows: those that wait, run, or have ended not long ago (MinJobAge). */
  private async elements(id: string): Promise<Element[]> {
    const format = "%j|%F|%K|%T|%r";
    const lines = await slurmCommand("squeue", ["--me", "--noheader", "--states=all", `--format=${format}`]);
    return lines.split("\n").flatMap((line) => {
      const [name = "", job = "", index, state = "", reason = ""] = line.trim().split("|");
      if (!name.startsWith(`${id}.`)) return [];
      return [{ job, index: Number(name.slice(id.length + 1)) + Number(index), state, reason }];
    });
  }
}

/** `index`: place of the cell in its job; NaN of elements that wait, which Slurm lists together. */
interface Element {
  job: string;
  index: number;
  state: string;
  reason: string;
}

/** How an element ended. `exit`: status and signal, as `3:0`. */
interface Ending {
  state: string;
  reason?: string;
  exit?: string;
}

/** How long `sacct` is asked back. */
const accountedDays = 90;

const sacctWords = (id: string): string[] => [
  ...["--allocations", "--noheader", "--parsable2", `--starttime=now-${accountedDays}days`],
  ...[`--format=JobName%${id.length + 10},JobID,State,ExitCode`],
];

/** The ended elements of a job in what `sacct` prints. */
export function endingsIn(id: string, printed: string): Map<number, Ending> {
  const found = new Map<number, Ending>();
  for (const line of printed.split("\n")) {
    const [name, job = "", states = "", exit] = line.split("|");
    const index = indexOf(id, name, /^\d+_(\d+)$/.exec(job)?.[1]);
    const [state] = states.split(" "); // "CANCELLED by 0"
    if (index !== undefined && state !== "" && !living.has(state!)) found.set(index, { state: state!, exit });
  }
  return found;
}

/** Place of an element's cell in its job; undefined where it is of another job, or one of several that wait. */
function indexOf(id: string, name: string | undefined, element: string | undefined): number | undefined {
  if (name?.startsWith(`${id}.`) !== true || element === undefined || !/^\d+$/.test(element)) return undefined;
  return Number(name.slice(id.length + 1)) + Number(element);
}

/** Undefined where that says nothing, as of elements that took too long. */
function exitText(exit = "0:0"): string | undefined {
  const [status, signal = "0"] = exit.split(":");
  if (signal !== "0") return `signal ${signal}`;
  return status === "0" ? undefined : `exit code ${status}`;
}

/** What an element does: one cell, again where its worker died. */
function script({ command, need }: Job, first: number): string {
  const limit = need.timeoutSeconds === undefined ? "" : `timeout ${need.timeoutSeconds} `;
  return `#!/bin/sh
attempt=0
while :; do
  ${limit}${command.map(quoted).join(" ")} --cell "$((${first} + SLURM_ARRAY_TASK_ID))" && exit 0
  code=$?
  attempt=$((attempt + 1))
  [ "$code" -eq 124 ] && echo "it took more than ${need.timeoutSeconds} seconds" && exit 124
  [ "$attempt" -gt ${need.retries} ] && exit "$code"
  sleep 1
done
`;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Runs a command of Slurm and returns what it prints. Throws LAUNCHER_FAILED. */
function slurmCommand(program: string, words: readonly string[], input = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, words, { timeout: 60_000, maxBuffer: 256 * 2 ** 20 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      const message = missing ? "it is not installed" : (stderr.trim() || error.message).slice(0, 500);
      const fix = missing
        ? "Run bench where jobs are submitted, on a machine with Slurm's commands."
        : "Check `remote.options` in the configuration (partition, account, limits) and the cluster with `sinfo`.";
      reject(new BenchError("LAUNCHER_FAILED", `${program}: ${message}`, { fix, cause: error }));
    });
    child.stdin?.on("error", () => undefined); // its exit says more
    child.stdin?.end(input);
  });
}
