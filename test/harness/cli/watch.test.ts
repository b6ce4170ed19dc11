import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import { bench, newDirectory, words } from "./support.js";

const model = join(packageRoot, "test", "harness", "run", "fixtures", "model");
const table = JSON.parse(readFileSync(join(model, "weights.json"), "utf8")) as unknown[];
const flags = ["words", "--plugin", words, "--trainer", "memory-frozen", "--quick", "--json", "--interval", "0.3"];

/** A checkpoint that knows less the more entries it lacks. */
function write(directory: string, lacking: number): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "weights.json"), JSON.stringify(table.slice(lacking)));
}

it("evaluates what is there, oldest first; tells what cannot be used; knows it all the next time", async () => {
  const directory = newDirectory();
  const watched = join(directory, "output");
  for (const [index, name] of ["late", "early"].entries()) {
    write(join(watched, name), index);
    utimesSync(join(watched, name, "weights.json"), 2000 - index, 2000 - index);
  }
  mkdirSync(join(watched, "logs"));
  mkdirSync(join(watched, "broken"));
  writeFileSync(join(watched, "broken", "weights.json"), "{}");
  const spoken = await bench(["watch", watched, ...flags, "--once"], directory);
  const lines = spoken.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ checkpoint, asked, error }) => [checkpoint.split("/").at(-1), asked ?? error.code])).toEqual([
    ["early", 132],
    ["late", 132],
    ["broken", "MODEL_INVALID"],
  ]);
  expect(spoken.code).toBe(2);
  const again = await bench(["watch", watched, ...flags.filter((flag) => flag !== "--json"), "--once"], directory);
  expect(again.stdout).toMatch(/early {2}[\d.]+ {2}known .*\n.*late {2}[\d.]+ \([+−]?[\d.]+\) {2}known/);
});

it("waits until a checkpoint is complete, evaluates new ones, and ends on Ctrl-C", async () => {
  const directory = newDirectory();
  const watched = join(directory, "output");
  mkdirSync(watched);
  const child = spawn(process.execPath, [join(packageRoot, "bin", "bench.js"), "watch", watched, ...flags], {
    cwd: directory,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const until = async (lines: number) => {
    while (text.split("\n").length <= lines) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const growing = join(watched, "growing");
  write(growing, 2);
  for (let step = 0; step < 8; step++) {
    writeFileSync(join(growing, "weights.json"), JSON.stringify(table).slice(0, 40 * (step + 1)));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  write(growing, 0);
  await until(1);
  expect(JSON.parse(text)).toMatchObject({ checkpoint: growing, asked: 132 }); // never seen half written
  const hidden = join(directory, "next");
  cpSync(growing, hidden, { recursive: true });
  renameSync(hidden, join(watched, "next"));
  await until(2);
  expect(JSON.parse(text.split("\n")[1]!)).toMatchObject({ asked: 0, known: 132 });
  child.kill("SIGINT");
  expect(await ended).toBe(0);
});
