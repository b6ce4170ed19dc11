import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../../harness/contract/files.js";
import { bench } from "../../../harness/cli/support.js";
import { temporaryDirectory, writeTinyModel } from "../../model/tiny-model.js";
import { skipped } from "./python.js";

/** Two tasks whose answers follow from the question, a model, and trainers of ten steps a task. */
function writeRun(directory: string, ...trainers: string[]): string[] {
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
    `trainers: [${trainers.map((name) => `{ name: ${name}, options: { steps: 10, batchSize: 5 } }`)}]\nengine: torch\nworkers: 1\n`,
  );
  const model = writeTinyModel();
  return ["run", "./data", "--config", "bench.yaml", "--model", model, "--quiet"];
}

function matricesOf(directory: string): string[] {
  const cells = join(directory, "cells");
  return readdirSync(cells).map((cell) => readFileSync(join(cells, cell, "matrix.json"), "utf8"));
}

/** The processes of the engine below another, those of one model below the one that started them. */
function computing(parent: number): number[] {
  const { stdout } = spawnSync("pgrep", ["-P", String(parent), "-f", "bench_torch"], { encoding: "utf8" });
  const own = stdout.split("\n").filter(Boolean).map(Number);
  return own.flatMap((pid) => [pid, ...computing(pid)]);
}

/** The losses of all steps of a run, trainer by trainer. */
function lossesOf(directory: string): number[] {
  const read = (...path: string[]) => JSON.parse(readFileSync(join(directory, ...path), "utf8"));
  const cells: { id: string; trainer: string }[] = read("run.json").cells;
  const rows = cells
    .sort((a, b) => a.trainer.localeCompare(b.trainer))
    .flatMap(({ id }) => [1, 2].map((row) => read("cells", id, "rows", `${row}.json`)));
  return rows.flatMap(({ learning }) => learning[0].curve.map(({ loss }: { loss: number }) => loss));
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
  process.kill(computing(child.pid!).at(-1)!, "SIGKILL");
  return { code: await ended, stderr };
}

describe.skipIf(skipped || process.platform === "win32")("a run on PyTorch", () => {
  test.each([
    ["its process is", 1],
    ["one of its processes is", 2],
  ])("fails where %s killed, and ends with the same bits when it is run again", async (_, count) => {
    const directory = temporaryDirectory();
    const words = [...writeRun(directory, "replay"), "--devices-per-cell", String(count)];
    expect(await bench([...words, "--out", "whole"], directory)).toMatchObject({ code: 0 });
    const out = join(directory, "killed");
    const { code, stderr } = await runAndKill([...words, "--out", "killed"], directory, out);
    expect(code).toBe(1);
    expect(stderr).toMatch(/The process of the engine "torch" .*ENGINE_FAILED/s);
    expect(stderr).toContain("was ended by SIGKILL");
    const again = await bench([...words, "--out", "killed", "--retry-failed"], directory);
    expect(again, again.stderr).toMatchObject({ code: 0 });
    expect(matricesOf(out)).toEqual(matricesOf(join(directory, "whole")));
    expect(readFileSync(join(out, "journal.jsonl"), "utf8")).toMatch(/"cell-started".*"fromRow":2/);
  });

  test("on two processes has the losses of one", async () => {
    const directory = temporaryDirectory();
    const words = writeRun(directory, "sequential", "replay", "ewc", "lora");
    expect(await bench([...words, "--out", "one"], directory)).toMatchObject({ code: 0 });
    const two = await bench([...words, "--out", "two", "--devices-per-cell", "2"], directory);
    expect(two, two.stderr).toMatchObject({ code: 0 });
    const [alone, together] = [lossesOf(join(directory, "one")), lossesOf(join(directory, "two"))];
    expect(alone).toHaveLength(4 * 20);
    for (const [i, loss] of alone.entries()) expect(Math.abs(loss - together[i]!)).toBeLessThan(1e-4);
    // The time of the worker's thread, which waits for another process, is no estimate of the next cell's.
    const cells = join(directory, "one", "cells");
    for (const cell of readdirSync(cells)) {
      expect(JSON.parse(readFileSync(join(cells, cell, "cost.json"), "utf8")).cpuSeconds).toBeNull();
    }
  });
});
