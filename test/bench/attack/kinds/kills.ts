import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../../../harness/contract/files.js";
import { readRun } from "../../../../harness/run/store/store.js";
import { verifyRun } from "../../../../harness/run/verify-run.js";
import { type Kind, outcomeOf } from "../kind.js";

const driver = join(packageRoot, "test", "harness", "run", "fixtures", "drive.js");

/** Runs a small grid in a process, which is killed after so many milliseconds; the exit code. */
function drive(out: string, killAfter?: number): Promise<number | null> {
  const trainers = ["sequential", "replay"].map((name) => ({ label: name, name, options: { pause: 1 } }));
  const config = {
    ...{
      suite: { name: "words", options: {} },
      trainers,
      seeds: [1],
      orders: 1,
      workers: 2,
      threads: 1,
      device: "cpu",
    },
    ...{ quick: true, out, retryFailed: false, keepCheckpoints: "last", plugins: [] },
  };
  const child = spawn(process.execPath, [driver, JSON.stringify(config)], { stdio: "ignore" });
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfter);
  return new Promise((resolve) => {
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}

const matricesOf = (directory: string): string =>
  readdirSync(join(directory, "cells"))
    .sort()
    .map((cell) => readFileSync(join(directory, "cells", cell, "matrix.json"), "utf8"))
    .join();

/** A run is killed at random instants and run again: it ends with the same bits, and every digest holds. */
export const kills: Kind = {
  name: "kill",
  share: 0.4,
  async open(place) {
    const whole = join(place, "whole");
    const started = performance.now();
    await drive(whole);
    const milliseconds = performance.now() - started;
    const expected = matricesOf(whole);
    return async (draw) => {
      const out = join(place, "killed");
      const instants = Array.from({ length: 1 + draw.integer(3) }, () => draw.uniform() * milliseconds);
      for (const instant of instants) await drive(out, instant);
      try {
        return await outcomeOf(
          `killed after ${instants.map(Math.round).join(", ")} ms`,
          async () => {
            const code = await drive(out);
            if (code !== 0) throw new Error(`the run ended with exit code ${code}`);
            verifyRun(readRun(out));
            return matricesOf(out);
          },
          expected,
        );
      } finally {
        rmSync(out, { recursive: true, force: true });
      }
    };
  },
};
