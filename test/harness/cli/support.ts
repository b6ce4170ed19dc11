import { spawn } from "node:child_process";
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../../harness/contract/files.js";

export interface Spoken {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

const entry = join(packageRoot, "bin", "bench.js");

/** A suite of three tiny tasks, trainers and a model format for it. */
export const words = join(packageRoot, "test", "fixtures", "plugins", "words.mjs");

export const fixture = (name: string): string => join(packageRoot, "test", "fixtures", "plugins", name);

export const newDirectory = (): string => realpathSync(mkdtempSync(join(tmpdir(), "bench-cli-")));

/**
 * The real command line, in a process of its own, without a terminal.
 *
 * @param interruptAfter sends SIGINT once standard error matches.
 */
export function bench(
  given: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
  interruptAfter?: RegExp,
): Promise<Spoken> {
  const { FORCE_COLOR: _color, BENCH_DEBUG: _debug, CI: _ci, COLUMNS: _columns, ...inherited } = process.env;
  const child = spawn(process.execPath, [entry, ...given], {
    cwd,
    env: { ...inherited, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const spoken: Spoken = { code: null, signal: null, stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    spoken.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    if (interruptAfter?.test(spoken.stderr + text) && !interruptAfter.test(spoken.stderr)) child.kill("SIGINT");
    spoken.stderr += text;
  });
  return new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ ...spoken, code, signal }));
  });
}
