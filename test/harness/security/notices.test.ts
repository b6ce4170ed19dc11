import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { newDirectory } from "../../files.js";
import { bench as spoken, words, wordsModel } from "../cli/support.js";
import { removeDigests } from "../run/fixtures/without-digests.js";

const directory = newDirectory();
const bench = (...given: string[]) => spoken(given, directory, {}, [words]);
let cell: string;

/** Two runs of a time before there were digests: one that learned, and an evaluation. */
beforeAll(async () => {
  const runs = [
    [
      "run",
      "words",
      "--trainers",
      "memory-sequential,memory-replay",
      "--quick",
      "--keep-checkpoints",
      "all",
      "--out",
      "learned",
    ],
    ["evaluate", wordsModel, "words", "--trainer", "memory-frozen", "--quick", "--out", "evaluated"],
  ];
  for (const given of runs) {
    const { code, stderr } = await bench(...given, "--json");
    expect(code, stderr).toBe(0);
  }
  for (const name of ["learned", "evaluated"]) removeDigests(join(directory, name));
  cell = readdirSync(join(directory, "learned", "cells"))[0]!;
  await bench("registry", "add", "m", wordsModel, "--json");
});

test.each([
  ["report", "learned"],
  ["report", "learned", "--reporter", "json"],
  ["compare", "learned:memory-sequential", "learned:memory-replay"],
  ["gate", "bless", "learned:memory-replay", "--reason", "x"],
  ["gate", "learned:memory-replay", "--margin", "op=0.1"],
  ["gate", "evaluated", "--against", "evaluated", "--margin", "op=0.1"],
  ["gate", "evaluated", "--plan", "--margin", "op=0.1"],
  ["leaderboard", "learned"],
  ["history", "learned"],
  ["claims", "--run", "learned"],
  ["validate", "learned", "--as", "run"],
  ["registry", "attach", "m@1", "evaluated"],
  ["registry", "add", "m", "learned/CELL"],
  ["run", "words", "--quick", "--from-checkpoint", "learned/CELL:colour", "--out", "further"],
  ...["csv", "parquet", "mlflow", "tensorboard", "wandb"].map((format) => ["export", "learned", "--to", format]),
])("a run without digests is said to have none: %s %s %s", async (...given) => {
  const { stdout, stderr } = await bench(...given.map((word) => word.replace("CELL", cell)));
  expect(stdout + stderr).toContain("stored no digests");
});
