import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../../harness/contract/files.js";
import { matricesOf } from "../../harness/run/support.js";

/**
 * The quick grid of trace-seq (24 cells), by `bench run` in a process of its own, WORKERS cells at a time. STEPS: of the
 * trainer a task. ON: the engine elsewhere, PYTHON: Python with ray on its head.
 */
export const directory: string = mkdtempSync(join(tmpdir(), "bench-grid-"));

/** What carries out the cells that this process's threads do not. */
export const engine: string = process.env.ON ?? "processes";

const workers = process.env.WORKERS ?? "2";
const grid = ["trace-seq", "--quick", "--orders", "3", "--seeds", "4", "--workers", workers, "--json"];
const remote = { options: process.env.PYTHON === undefined ? {} : { python: process.env.PYTHON } };
const options = process.env.STEPS === undefined ? {} : { steps: Number(process.env.STEPS) };
const config = join(directory, "bench.yaml");
writeFileSync(config, JSON.stringify({ trainers: ["frozen", { name: "sequential", options }], remote }));

export interface Running {
  process: ChildProcess;
  /** Its exit code. */
  ended: Promise<number | null>;
}

/** Runs the grid into a directory; `words` are further arguments. */
export function start(out: string, ...words: string[]): Running {
  const command = [join(packageRoot, "bin", "bench.js"), "run", ...grid, "--out", out, "--config", config, ...words];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "ignore", "inherit"] });
  return { process: child, ended: new Promise((resolve) => child.on("close", (code) => resolve(code))) };
}

/** How many cells two runs have, and in how many their matrices differ. */
export function compared(here: string, there: string): { cells: number; differing: number } {
  const [matrices, others] = [Object.entries(matricesOf(here)), matricesOf(there)];
  return { cells: matrices.length, differing: matrices.filter(([cell, text]) => others[cell] !== text).length };
}
