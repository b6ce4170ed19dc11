import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import { newDirectory } from "../../files.js";
import { bench } from "./support.js";

const client = `command:python3 ${join(packageRoot, "harness", "plugins", "client.py")}`;
const python = spawnSync("python3", ["--version"]).status === 0;

/** A task of two choices in a folder, scored by likelihood. */
function writeSuite(): string {
  const directory = newDirectory();
  mkdirSync(join(directory, "data", "metals"), { recursive: true });
  const rows = Array.from({ length: 12 }, (_, item) => ({
    prompt: `Thing ${item}: is it a ${item % 2 === 0 ? "metal" : "wood"}?\nAnswer:`,
    answer: item % 2 === 0 ? "yes" : "not at all",
  }));
  for (const split of ["train", "test"]) {
    writeFileSync(join(directory, "data", "metals", `${split}.json`), JSON.stringify(rows));
  }
  const settings = 'tasks: { metals: { mode: likelihood, normalizeBy: characters, choices: ["yes", not at all] } }';
  writeFileSync(join(directory, "data", "suite.yaml"), settings);
  return directory;
}

interface Sample {
  row: number;
  output: string;
  score: number;
  likelihoods: number[];
  otherScores: Record<string, number>;
}

function samplesOf(run: string): Sample[] {
  const cells = join(run, "cells");
  return readdirSync(cells).flatMap((cell) =>
    readFileSync(join(cells, cell, "samples.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Sample),
  );
}

const trainers = python ? `frozen,${client}` : "frozen";

it("compares the likelihoods of choices for a built-in trainer and a plug-in, and keeps them with each answer", async () => {
  const directory = writeSuite();
  const words = ["run", "./data", "--trainers", trainers, "--seeds", "1", "--orders", "1", "--out", "out"];
  const spoken = await bench(words, directory);
  expect(spoken.code, spoken.stderr).toBe(0);
  const samples = samplesOf(join(directory, "out"));
  expect(samples).toHaveLength((python ? 4 : 2) * 12); // before and after the task
  for (const { output, score, likelihoods, otherScores } of samples) {
    const [yes, no] = likelihoods as [number, number];
    expect([yes, no].every((value) => Number.isFinite(value) && value <= 0)).toBe(true);
    expect(output).toBe(yes / 3 >= no / 10 ? "yes" : "not at all");
    expect(score).toBe(otherScores.acc_norm);
  }
  const record = JSON.parse(readFileSync(join(directory, "out", "run.json"), "utf8"));
  expect(record.suite.tasks[0]).toMatchObject({ mode: "likelihood", normalizeBy: "characters" });
});

it("a model behind a server gives no likelihoods, which is said before anything is asked", async () => {
  const directory = writeSuite();
  const spoken = await bench(["evaluate", "http://127.0.0.1:9/v1", "./data", "--json"], directory);
  expect(spoken.code).toBe(2);
  expect(JSON.parse(spoken.stdout).error).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("likelihoods of its choices"),
  });
});
