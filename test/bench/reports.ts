import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../harness/contract/files.js";
import { writeFixtureRun } from "../reports/fixture/write-run.js";

/**
 * Reports on a grid of 10,000 cells with their samples: time, peak memory and size of the page, each verb in a process of
 * its own as a user runs it. ORDERS and SEEDS change the grid of 20 trainers; KEEP=1 leaves the files for looking at.
 */
const orders = Number(process.env.ORDERS ?? 50);
const seeds = Number(process.env.SEEDS ?? 10);
const only = ["frozen", "sequential", "joint", "replay", "ewc"];
const directory = mkdtempSync(join(tmpdir(), "bench-reports-"));
const run = join(directory, "run");

function sizeOf(path: string): number {
  return statSync(path).isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
    : statSync(path).size;
}

function measure(name: string, words: string[], out: string): void {
  const entry = join(packageRoot, "bin", "bench.js");
  const script = `process.argv.splice(1, 0, ${JSON.stringify(entry)}); process.on("exit", () => {
    const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
    require("node:fs").writeSync(2, JSON.stringify({ maxRSS, cpu: (userCPUTime + systemCPUTime) / 1e6 }));
  }); import(${JSON.stringify(entry)});`;
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ["-e", script, "--", ...words, "--out", out], {
    encoding: "utf8",
  });
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`bench ${words.join(" ")} ended with ${status}: ${stderr}`);
  const { maxRSS, cpu } = JSON.parse(stderr) as { maxRSS: number; cpu: number };
  console.log(
    `${name}: ${seconds.toFixed(1)} s (CPU ${cpu.toFixed(1)} s), peak memory ${(maxRSS / 1024).toFixed(0)} MiB, ` +
      `page ${(sizeOf(join(out, "index.html")) / 1e6).toFixed(2)} MB, all files ${(sizeOf(out) / 1e6).toFixed(0)} MB`,
  );
}

try {
  const { cells } = writeFixtureRun(run, { orders, seeds, only, copies: 4, sharedSeeds: true });
  console.log(`${cells.length} cells, ${(sizeOf(run) / 1e6).toFixed(0)} MB`);
  measure("report", ["report", run], join(run, "report"));
  measure("leaderboard", ["leaderboard", run], join(directory, "board"));
  if (process.env.KEEP) console.log(directory);
} finally {
  if (!process.env.KEEP) rmSync(directory, { recursive: true, force: true });
}
