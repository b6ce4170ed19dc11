import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { MatrixRecord, RunRecord } from "../../../harness/contract/result.js";
import { newDirectory } from "../../files.js";
import { bench } from "./support.js";

const directory = newDirectory();
const base = ["--workers", "1", "--json"];

/** Questions with a digit each, answered by another rule in each task. */
function writeTask(suite: string, id: string, answer: (digit: number) => string): void {
  const items = (start: number, count: number) =>
    Array.from({ length: count }, (_, index) => {
      const number = start + index;
      return { prompt: `${id} ${number}: `, answer: answer(number % 10) };
    });
  mkdirSync(join(directory, suite, id), { recursive: true });
  for (const [file, list] of [
    ["train", items(0, 8)],
    ["eval", items(100, 4)],
    ["test", items(200, 4)],
  ] as const) {
    writeFileSync(join(directory, suite, id, `${file}.json`), JSON.stringify(list));
  }
}

const read = <T>(...path: string[]): T => JSON.parse(readFileSync(join(directory, ...path), "utf8")) as T;
const cellsOf = (run: string) => read<RunRecord>(run, "run.json").cells;
const matrixOf = (run: string, trainer: string) => {
  const { id } = cellsOf(run).find((cell) => cell.trainer === trainer)!;
  return read<MatrixRecord>(run, "cells", id, "matrix.json");
};

async function succeed(...given: string[]): Promise<void> {
  const { code, stderr } = await bench(["run", ...given, ...base], directory);
  expect(code, stderr).toBe(0);
}

describe("--from-checkpoint, on the real engine", () => {
  const trainers = ["--trainers", "lora,ewc"];

  beforeAll(async () => {
    const tasks: [string, (digit: number) => string][] = [
      ["a", (digit) => (digit < 5 ? "yes" : "no")],
      ["b", (digit) => (digit % 2 === 0 ? "yes" : "no")],
      ["c", (digit) => (digit < 5 ? "no" : "yes")],
    ];
    for (const [id, answer] of tasks.slice(0, 2)) writeTask("two", id, answer);
    for (const [id, answer] of tasks) writeTask("three", id, answer);
    const runs = [
      ["./two", "--out", "source"],
      ["./three", "--out", "whole"],
    ];
    await Promise.all(runs.map((given) => succeed(...given, ...trainers)));
  });

  it.each(["lora", "ewc"])("%s learns a further task as it would have without a break", async (trainer) => {
    const { id } = cellsOf("source").find((cell) => cell.trainer === trainer)!;
    await succeed("./three", "--from-checkpoint", `source/${id}`, "--out", `on-${trainer}`);
    const [extended, plain] = [matrixOf(`on-${trainer}`, trainer), matrixOf("whole", trainer)];
    expect(extended.rows.slice(2)).toEqual(plain.rows.slice(2));
    expect(extended.rows.slice(0, 2).map((row) => row.slice(0, 2))).toEqual(
      plain.rows.slice(0, 2).map((row) => row.slice(0, 2)),
    );
    expect(extended.rows.slice(0, 2).map((row) => row[2])).toEqual([null, null]);
    const weights = (run: string, row: number, cells = cellsOf(run)) => {
      const cell = cells.find((candidate) => candidate.trainer === trainer)!.id;
      const place = join(directory, run, "cells", cell, "checkpoint", String(row), "learner", "model");
      const file = readdirSync(place).find((name) => name.endsWith(".safetensors"))!;
      return readFileSync(join(place, file));
    };
    expect(weights(`on-${trainer}`, 3).equals(weights("whole", 3))).toBe(true);
    const page = readFileSync(join(directory, `on-${trainer}`, "report", "index.html"), "utf8");
    expect(page).toContain(`whose rows come first; state restored: ${trainer}`);
  });

  it("starts another trainer from an adapter merged into its base", async () => {
    const { id } = cellsOf("source").find((cell) => cell.trainer === "lora")!;
    await succeed("./three", "--from-checkpoint", `source/${id}`, "--trainers", "sequential", "--out", "other");
    const { source } = read<RunRecord>("other", "run.json");
    expect(source!.restored).toEqual([]);
    expect(source!.bases.sequential).toMatch(/::.*learner.model$/);
    const [matrix, before] = [matrixOf("other", "sequential"), matrixOf("source", "lora")];
    expect(matrix.rows[2]!.slice(0, 2)).toEqual(before.rows[2]);
    const page = readFileSync(join(directory, "other", "report", "index.html"), "utf8");
    expect(page).toContain("from its weights only, without past data: sequential");
  });

  it("says what it goes on from before it runs", async () => {
    const { id } = cellsOf("source")[0]!;
    const given = ["run", "./three", "--from-checkpoint", `source/${id}`, "--out", "never", "--dry-run"];
    const { stdout } = await bench(given, directory);
    expect(stdout).toMatch(/goes on from +lora, \S+, seed 1 after a → b/);
    expect(stdout).toMatch(/tasks +a → b → c/);
  });
});
