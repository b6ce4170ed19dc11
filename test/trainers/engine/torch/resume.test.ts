import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../../harness/contract/files.js";
import { bench } from "../../../harness/cli/support.js";
import { temporaryDirectory, writeTinyModel } from "../../model/tiny-model.js";
import { skipped } from "./python.js";

/** Two tasks whose answers follow from the question, a model, and a trainer with a past. */
function writeRun(directory: string): string[] {
  for (const task of ["first", "second"]) {
    mkdirSync(join(directory, "data", task), { recursive: true });
    for (const [split, size] of Object.entries({ train: 24, test: 6 })) {
      const rows = Array.from({ length: size }, (_, i) => ({
        prompt: `${task} ${split} ${i}: is ${(7 * i) % 10} even?`,
        answer: ((7 * i) % 2 === 0) === (task === "first") ? "yes" : "no",
      }));
      writeFileSync(join(directory, "data", task, `${split}.json`), JSON.stringify(rows));
    }
  }
  writeFileSync(
    join(directory, "bench.yaml"),
    "trainers: [{ name: replay, options: { steps: 8, batchSize: 4 } }]\nengine: torch\nworkers: 1\n",
  );
  const model = writeTinyModel();
  return ["run", "./data", "--config", "bench.yaml", "--model", model, "--quiet"];
}

function matricesOf(directory: string): string[] {
  const cells = join(directory, "cells");
  return readdirSync(cells).map((cell) => readFileSync(join(cells, cell, "matrix.json"), "utf8"));
}

/** Runs it and kills the process that computes once the first task was measured. */
async function runAndKill(
  words: readonly string[],
  cwd: string,
  out: string,
): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [join(packageRoot, "bin", "bench.js"), ...words], {
    cwd,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<number>((resolve) => child.on("close", (code) => resolve(code ?? -1)));
  const journal = join(out, "journal.jsonl");
  const reached = () => existsSync(journal) && /"row-finished".*"row":1/.test(readFileSync(journal, "utf8"));
  while (child.exitCode === null && !reached()) await wait(5);
  const computing = execFileSync("pgrep", ["-P", String(child.pid), "-f", "bench_torch"], { encoding: "utf8" });
  process.kill(Number(computing.trim().split("\n")[0]), "SIGKILL");
  return { code: await ended, stderr };
}

describe.skipIf(skipped || process.platform === "win32")("a run on PyTorch", () => {
  test("fails where its process is killed, and ends with the same bits when it is run again", async () => {
    const directory = temporaryDirectory();
    const words = writeRun(directory);
    expect(await bench([...words, "--out", "whole"], directory)).toMatchObject({ code: 0 });
    const out = join(directory, "killed");
    const { code, stderr } = await runAndKill([...words, "--out", "killed"], directory, out);
    expect(code).toBe(1);
    expect(stderr).toMatch(/The process of the engine "torch" was ended by SIGKILL.*ENGINE_FAILED/s);
    const again = await bench([...words, "--out", "killed", "--retry-failed"], directory);
    expect(again, again.stderr).toMatchObject({ code: 0 });
    expect(matricesOf(out)).toEqual(matricesOf(join(directory, "whole")));
    expect(readFileSync(join(out, "journal.jsonl"), "utf8")).toMatch(/"cell-started".*"fromRow":2/);
  });
});
