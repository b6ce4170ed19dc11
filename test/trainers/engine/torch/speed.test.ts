import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { python, skipped } from "./python.js";

test.skipIf(skipped)("the comparison with transformers runs, and answers of the same lengths are equal", () => {
  const smallest = ["--batch", "2", "--steps", "1", "--asked", "6", "--rows", "4", "--new", "8"];
  const output = execFileSync(python!, ["test/bench/torch_speed.py", ...smallest], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, PYTHONPATH: "trainers/engine/torch" },
  });
  const rows = output
    .split("\n")
    .filter((line) => line.startsWith('{"'))
    .map((line) => JSON.parse(line));
  const part = (name: string) => rows.find(({ part }) => part === name);
  expect(part("generation, bench").newTokens).toBe(part("generation, generate").newTokens);
  expect(part("answers that are equal")).toMatchObject({ equal: 18, of: 18 });
  expect(part("full, bench").loss).toBeCloseTo(part("full, Trainer").loss, 1);
  expect(part("the same seed twice")).toMatchObject({ full: "same", lora: "same", generation: "same" });
});
