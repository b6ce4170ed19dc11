import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunConfig } from "../../../harness/contract/config.js";
import type { RunEvent } from "../../../harness/contract/event.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { executeRun, type RunOutcome } from "../../../harness/run/execute.js";
import { planRun, type RunPlan } from "../../../harness/run/plan/plan.js";

export const plugins = [new URL("./fixtures/plugin.js", import.meta.url).href];

/** A configuration of the fixture's suite and trainers. */
export function configure(out: string, changes: Partial<RunConfig> = {}, ...trainers: string[]): RunConfig {
  return {
    suite: { name: "words", options: {} },
    trainers: trainers.map((name) => ({ label: name, name, options: {} })),
    seeds: [1],
    orders: 1,
    workers: 2,
    threads: 1,
    device: "cpu",
    quick: true,
    out,
    retryFailed: false,
    keepCheckpoints: "last",
    plugins: [],
    ...changes,
  };
}

export async function plan(config: RunConfig): Promise<RunPlan> {
  return planRun(config, await loadRegistry(plugins), plugins, "bench run words");
}

/**
 * Runs a configuration in this process, collects what the display was shown, and cancels when told.
 *
 * @param changes of its plan.
 */
export async function run(
  config: RunConfig,
  cancelAt: (event: RunEvent) => boolean = () => false,
  changes: Partial<RunPlan> = {},
): Promise<RunOutcome & { events: RunEvent[] }> {
  const events: RunEvent[] = [];
  const controller = new AbortController();
  const show = (event: RunEvent): void => {
    events.push(event);
    if (cancelAt(event)) controller.abort();
  };
  const options = { display: { show, close: () => undefined }, cancellation: controller.signal };
  return { ...(await executeRun({ ...(await plan(config)), ...changes }, options)), events };
}

/** Every matrix of a run as it stands on the disk: trainer, order and seed → bytes. */
export function matricesOf(directory: string): Record<string, string> {
  const cells = join(directory, "cells");
  return Object.fromEntries(
    readdirSync(cells)
      .map((cell) => readFileSync(join(cells, cell, "matrix.json"), "utf8"))
      .map((text) => {
        const { trainer, order, seed } = JSON.parse(text);
        return [`${trainer} ${order} ${seed}`, text] as const;
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

export interface Driven {
  /** Exit code, or 128 + signal as a shell counts. */
  code: number;
  /** What the driver printed at the end: the outcome, or an error record. */
  result: Record<string, unknown> & { error?: { code: string; message: string; fix?: string; at?: object } };
  stderr: string;
}

/**
 * Kills a driven process that shows its events as JSON once it has finished a row; at once where an earlier one had, which
 * was killed too late to stop it.
 */
export function killAfterRow(row: number): (child: ReturnType<typeof spawn>) => void {
  return (child) => {
    let text = "";
    child.stderr!.on("data", (data) => {
      text += data;
      const finished = [...text.matchAll(/"row-finished".*?"row":(\d+)\b/g)].some(([, done]) => Number(done) >= row);
      const before = [...text.matchAll(/"fromRow":(\d+)\b/g)].some(([, from]) => Number(from) > row);
      if (finished || before) child.kill("SIGKILL");
    });
  };
}

/** Runs a configuration in a process of its own, which `during` may kill. */
export function drive(
  config: RunConfig,
  options: {
    node?: string[];
    display?: string;
    uid?: number;
    /** The index of the task that never ends. */
    hold?: number;
    during?: (child: ReturnType<typeof spawn>) => void;
  } = {},
): Promise<Driven> {
  const driver = join(packageRoot, "test/harness/run/fixtures/drive.js");
  const child = spawn(
    process.execPath,
    [...(options.node ?? []), driver, JSON.stringify(config), options.display ?? "silent"],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, BENCH_TEST_HOLD: String(options.hold ?? "") },
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    },
  );
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data) => (stdout += data));
  child.stderr.on("data", (data) => (stderr += data));
  options.during?.(child);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      const signals: Record<string, number> = { SIGKILL: 9, SIGINT: 2, SIGABRT: 6, SIGTERM: 15 };
      const result = stdout.trim() === "" ? {} : JSON.parse(stdout.trim().split("\n").at(-1)!);
      resolve({ code: code ?? 128 + signals[signal!]!, result, stderr });
    });
  });
}
