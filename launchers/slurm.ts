import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../harness/contract/errors.js";
import type { Job, JobState, Launcher, LauncherDefinition } from "../harness/contract/launcher.js";

const text = (description: string) => ({ type: "string", minLength: 1, description });

/** Slurm: a run's cells are arrays of batch jobs, one element a cell, which go on without this process. */
export const slurm: LauncherDefinition = {
  name: "slurm",
  summary: "a Slurm cluster, by sbatch, squeue and scancel of this machine",
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
    return new SlurmLauncher(options as unknown as SlurmOptions, largest);
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
  private readonly submitted = new Map<string, Job>();

  /** @param largest index of an array plus one that this cluster allows. */
  constructor(
    private readonly options: SlurmOptions,
    private readonly largest: number,
  ) {}

  async submit(job: Job): Promise<void> {
    this.submitted.set(job.id, job);
    if ((await this.elements(job.id)).length > 0) return;
    mkdirSync(job.logs, { recursive: true });
    for (let first = 0; first < job.cells.length; first += this.largest) {
      const last = Math.min(this.largest, job.cells.length - first) - 1;
      await slurmCommand("sbatch", this.arguments(job, first, last), script(job, first));
    }
  }

  async state(id: string): Promise<JobState | undefined> {
    const elements = await this.elements(id);
    if (elements.length === 0) return undefined;
    const alive = elements.some(({ state }) => living.has(state));
    const waiting = elements.find(({ state }) => state === "PENDING");
    const cells = this.submitted.get(id)?.cells ?? [];
    const failed = elements.filter(({ state }) => !living.has(state) && state !== "COMPLETED");
    const lost = failed.flatMap(({ index, state, reason }) => {
      const cell = cells[index];
      return cell === undefined
        ? []
        : [[cell, `Slurm ended it: ${state} (${reason}); see ${id}-${index}.log`] as const];
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
      `--output=${join(logs, `${id}-%a.log`)}`,
      ...further,
    ];
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
