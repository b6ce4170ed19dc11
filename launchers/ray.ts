import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Agent } from "undici";
import { BenchError } from "../harness/contract/errors.js";
import { packageRoot } from "../harness/contract/files.js";
import type { Job, JobState, Launcher, LauncherDefinition } from "../harness/contract/launcher.js";

/** Where a cluster's dashboard answers, which takes jobs. */
const port = 8265;

/**
 * Ray: a cluster takes a run's cells as one job, which makes a task of each (`ray_driver.py`). Jobs are submitted over
 * HTTP (Ray's job submission REST API), so that this machine needs no Python, and go on without this process.
 */
export const ray: LauncherDefinition = {
  name: "ray",
  summary: "a Ray cluster: ray (this machine's), ray://host, or http://host:8265, the address of its dashboard",
  schemes: ["ray", "http", "https"],
  options: {
    properties: {
      python: { type: "string", default: "python", description: "what starts Python with ray on the cluster's head" },
    },
  },
  async open(place, { python }) {
    const { Agent } = await import("undici");
    const launcher = new RayLauncher(addressOf(place), String(python), new Agent(limits));
    try {
      await launcher.check();
    } catch (error) {
      await launcher.close();
      throw error;
    }
    return launcher;
  },
};

/** The address of the dashboard. Throws CONFIG_INVALID. */
function addressOf(place: string): string {
  if (place === "ray") return `http://127.0.0.1:${port}`;
  const url = URL.canParse(place) ? new URL(place) : undefined;
  const isPlain = url !== undefined && /^\/*$/.test(url.pathname) && url.username === "" && url.search === "";
  if (isPlain && url.protocol !== "ray:") return url.origin;
  if (isPlain && url.hostname !== "" && url.port === "") return `http://${url.hostname}:${port}`;
  throw new BenchError("CONFIG_INVALID", `"${place}" is no address of a Ray cluster`, {
    fix: `Write ray://host, or the address of the cluster's dashboard, such as http://host:${port}.`,
  });
}

/** Of an answer, in bytes and milliseconds. */
const limits = { maxResponseSize: 64 * 2 ** 20, connectTimeout: 10_000, headersTimeout: 60_000, bodyTimeout: 60_000 };

interface JobInfo {
  status?: unknown;
  message?: unknown;
}

class RayLauncher implements Launcher {
  constructor(
    private readonly address: string,
    private readonly python: string,
    private readonly agent: Agent,
  ) {}

  /** Throws LAUNCHER_FAILED where no cluster answers. */
  async check(): Promise<void> {
    await this.ask("GET", "/api/version");
  }

  async submit({ id, command, parallel, need }: Job): Promise<void> {
    if ((await this.info(id)) !== undefined) return;
    await this.ask("POST", "/api/jobs/", {
      submission_id: id,
      entrypoint: `${this.python} -c 'import os; exec(os.environ["BENCH_DRIVER"])'`,
      entrypoint_num_cpus: 0,
      runtime_env: {
        env_vars: {
          BENCH_DRIVER: readFileSync(join(packageRoot, "launchers", "ray_driver.py"), "utf8"),
          BENCH_JOB: JSON.stringify({ command, parallel, ...need }),
        },
      },
    });
  }

  async state(id: string): Promise<JobState | undefined> {
    const info = await this.info(id);
    if (info === undefined) return undefined;
    const alive = info.status === "PENDING" || info.status === "RUNNING";
    const detail = typeof info.message === "string" ? endOf(info.message.trim()) : undefined; // which says why
    const lost = alive ? new Map<string, string>() : await this.lost(id);
    return { alive, ...(detail !== undefined && { detail }), lost };
  }

  async cancel(id: string): Promise<void> {
    if ((await this.state(id))?.alive === true) await this.ask("POST", `/api/jobs/${id}/stop`);
  }

  async close(): Promise<void> {
    await this.agent.close();
  }

  /** What the driver printed of cells that it gave up. */
  private async lost(id: string): Promise<Map<string, string>> {
    const { logs } = (await this.ask<{ logs?: unknown }>("GET", `/api/jobs/${id}/logs`)) ?? {};
    const lines = typeof logs === "string" ? logs.split("\n").filter((line) => line.startsWith('{"lost"')) : [];
    return new Map(lines.flatMap((line) => lostIn(line)));
  }

  private info(id: string): Promise<JobInfo | undefined> {
    return this.ask<JobInfo>("GET", `/api/jobs/${id}`);
  }

  /**
   * Undefined where there is no such job. Not by `fetch`, whose headers look like a browser's, which Ray refuses.
   */
  private async ask<T>(method: "GET" | "POST", path: string, body?: object): Promise<T | undefined> {
    try {
      const answer = await this.agent.request({
        ...{ origin: this.address, path, method, headers: { "content-type": "application/json" } },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.body.text();
      if (answer.statusCode === 404) return undefined;
      if (answer.statusCode !== 200) throw new Error(`it answered ${answer.statusCode}: ${text.slice(0, 500)}`);
      return JSON.parse(text) as T;
    } catch (error) {
      const { message } = error as Error;
      throw new BenchError("LAUNCHER_FAILED", `the Ray cluster at ${this.address} does not do as asked: ${message}`, {
        fix: "Start one with `ray start --head`, or give the address of its dashboard: --on http://host:8265.",
        cause: error,
      });
    }
  }
}

/** The end of a text, from the beginning of a line where it has several. */
const endOf = (text: string): string => (text.length > 300 ? text.slice(-300).replace(/^.*\n/, "") : text);

function lostIn(line: string): [string, string][] {
  try {
    const { lost, reason } = JSON.parse(line) as { lost?: unknown; reason?: unknown };
    return typeof lost === "string" ? [[lost, String(reason).slice(0, 500)]] : [];
  } catch {
    return []; // cut off where the driver was killed
  }
}
