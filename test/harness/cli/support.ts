import { spawn } from "node:child_process";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import type { main } from "../../../harness/cli/main.js";
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

/** A model of that format. */
export const wordsModel = join(packageRoot, "test", "harness", "run", "fixtures", "model");

export const fixture = (name: string): string => join(packageRoot, "test", "fixtures", "plugins", name);

const compiled = (file: string): string => pathToFileURL(join(packageRoot, "dist", file)).href;

/** Words of command lines in this process, one after the other: each has the working directory and the variables. */
let last: Promise<unknown> = Promise.resolve();

/**
 * The command line as it was compiled, in this process instead of one of its own, which takes a second to start:
 * for whatever does not depend on signals, and on what a process has left.
 *
 * @param builtIn plug-ins that are loaded as the project's own, with their trainers in the run's workers.
 */
export function bench(
  given: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
  builtIn: readonly string[] = [],
): Promise<Spoken> {
  const spoken = last.then(() => inProcess(given, cwd, environment, builtIn));
  last = spoken.catch(() => undefined);
  return spoken;
}

async function inProcess(
  given: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv,
  builtIn: readonly string[],
): Promise<Spoken> {
  const cli: { main: typeof main } = await import(compiled("harness/cli/main.js"));
  const { rooms }: { rooms: string[] } = await import(compiled("rooms.js"));
  const before = { cwd: process.cwd(), argv: process.argv, env: process.env, exitCode: process.exitCode };
  const written = { stdout: "", stderr: "" };
  const into = (name: keyof typeof written) =>
    new Writable({
      decodeStrings: false,
      write: (text, _encoding, done) => {
        written[name] += text;
        done();
      },
    }) as NodeJS.WriteStream;
  process.chdir(cwd);
  process.argv = [process.execPath, entry, ...given];
  process.env = { ...environmentOf(process.env), ...environment };
  process.exitCode = undefined;
  try {
    const builtIns = [...rooms, ...builtIn.map((file) => pathToFileURL(file).href)];
    await cli.main(builtIns, given, { stdout: into("stdout"), stderr: into("stderr") });
    return { code: Number(process.exitCode ?? 0), signal: null, ...written };
  } finally {
    process.chdir(before.cwd);
    Object.assign(process, { argv: before.argv, env: before.env, exitCode: before.exitCode });
  }
}

/** The variables that a command line inherits: none that changes what it prints. */
function environmentOf({
  FORCE_COLOR: _color,
  BENCH_DEBUG: _debug,
  CI: _ci,
  COLUMNS: _columns,
  ...rest
}: NodeJS.ProcessEnv) {
  return rest;
}

/**
 * The real command line, in a process of its own, without a terminal.
 *
 * @param interruptAfter sends SIGINT once what was printed matches.
 */
export function benchProcess(
  given: readonly string[],
  cwd: string,
  environment: NodeJS.ProcessEnv = {},
  interruptAfter?: RegExp,
): Promise<Spoken> {
  const child = spawn(process.execPath, [entry, ...given], {
    cwd,
    env: { ...environmentOf(process.env), ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const spoken: Spoken = { code: null, signal: null, stdout: "", stderr: "" };
  const said = (): boolean => interruptAfter?.test(spoken.stdout + spoken.stderr) === true;
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      const before = said();
      spoken[name] += text;
      if (!before && said()) child.kill("SIGINT");
    });
  }
  return new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ ...spoken, code, signal }));
  });
}
