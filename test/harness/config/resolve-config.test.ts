import { mkdtempSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { evaluator, readConfig, resolveConfig } from "../../../harness/config/index.js";
import type { BenchError } from "../../../harness/contract/errors.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { loadRegistry } from "../../../harness/plugins.js";

const file = join(mkdtempSync(join(tmpdir(), "bench-resolve-")), "bench.yaml");
const majority = join(packageRoot, "test", "fixtures", "plugins", "majority.mjs");
const methods = join(packageRoot, "test", "fixtures", "plugins", "methods.mjs");
const registry = await loadRegistry([methods, majority]);

function resolved(text: string) {
  writeFileSync(file, `suite: tiny\n${text}`);
  return resolveConfig(readConfig(file, {}), registry);
}

function wrong(text: string): string {
  try {
    resolved(text);
  } catch (thrown) {
    const { code, message, fix, at } = thrown as BenchError;
    return `${at?.line}:${at?.column} ${code} ${message} → ${fix}`;
  }
  return expect.fail("it was accepted");
}

it("takes a store for a directory beside the configuration, unless it is an address, right or wrong", () => {
  const store = (text: string) => resolved(`trainers: [majority]\nremote: {store: "${text}"}`).remote?.store;
  expect(store("shared")).toBe(join(dirname(file), "shared"));
  expect(store("s3://bucket/prefix")).toBe("s3://bucket/prefix");
  expect(store("s3:/bucket")).toBe("s3:/bucket");
});

describe("names and options", () => {
  it("gives the profile to the trainers that take one, each with its own changes", () => {
    const { trainers } = resolved(`
learning_rate: {initial: 1e-5, decay_factor: 0.8}
trainers:
  - majority
  - tuned
  - {name: tuned, label: slow, learning_rate: {initial: 1e-6}}
  - {name: tuned, label: own, options: {profile: {}}}
`);
    expect(trainers).toEqual([
      { name: "majority", label: "majority", options: { buffer: 3 } },
      { name: "tuned", label: "tuned", options: { profile: { learning_rate: { initial: 1e-5, decay_factor: 0.8 } } } },
      { name: "tuned", label: "slow", options: { profile: { learning_rate: { initial: 1e-6, decay_factor: 0.8 } } } },
      { name: "tuned", label: "own", options: { profile: {} } },
    ]);
  });

  it("accepts a plug-in's path in place of its trainers", () => {
    const { trainers } = resolved(`trainers: [${majority}, {name: ${majority}, label: again, options: {buffer: 1}}]`);
    expect(trainers).toEqual([
      { name: "majority", label: "majority", options: { buffer: 3 } },
      { name: "majority", label: "again", options: { buffer: 1 } },
    ]);
  });

  it.each([
    ["a trainer's name", "trainers:\n  - tuned\n  - majorty\n"],
    ["a trainer's name in an entry", "trainers:\n  - {label: x, name: majorty}\n"],
    ["an option", "trainers:\n  - name: majority\n    options:\n      bufer: 3\n"],
    ["an option's value", "trainers:\n  - name: majority\n    options:\n      buffer: -3\n"],
    ["two equal labels", "trainers: [majority, {name: majority, options: {buffer: 1}}]\n"],
    ["a profile for a trainer without one", "trainers:\n  - name: majority\n    learning_rate: {initial: 1e-5}\n"],
    ["a profile that nobody takes", "learning_rate: {initial: 1e-5}\ntrainers: [majority]\n"],
  ])("finds %s wrong, with its place", (_what, text) => {
    expect(wrong(text)).toMatchSnapshot();
  });

  it("knows a directory that was meant as data", () => {
    expect(() => resolveConfig(readConfig(undefined, { reference: "harness" }), registry)).toThrowError(
      expect.objectContaining({ code: "UNKNOWN_NAME", fix: expect.stringContaining("./harness") }),
    );
  });

  it("finds the suite wrong, with its place", () => {
    writeFileSync(file, "seeds: 1\nsuite: tinny\n");
    expect(() => resolveConfig(readConfig(file, {}), registry)).toThrowError(
      expect.objectContaining({
        code: "UNKNOWN_NAME",
        message: 'there is no suite "tinny"',
        fix: 'Did you mean "tiny"?',
        at: { file, line: 2, column: 8 },
      }),
    );
  });
});

describe("what a configuration leaves out", async () => {
  const rooms = ["trainers", "suites"].map((room) => pathToFileURL(join(packageRoot, "dist", room, "index.js")).href);
  const builtIn = await loadRegistry(rooms);
  const asked = (flags: Parameters<typeof readConfig>[1]) => resolveConfig(readConfig(undefined, flags), builtIn);

  it("is the main job: the suite and the trainers that declare themselves the default ones", () => {
    const { suite, trainers, workers } = asked({});
    expect(suite.name).toBe("trace-seq");
    const names = ["frozen", "icl", "sequential", "joint", "replay", "ewc", "lora"];
    expect(trainers.map(({ name, label }) => [name, label])).toEqual(names.map((name) => [name, name]));
    expect(workers).toBe(Math.min(availableParallelism(), 7));
  });

  it("is read by the suite that reads locations, where one is named alone", () => {
    expect(asked({ reference: "./data" }).suite).toMatchObject({ name: "folder", location: resolve("data") });
  });

  it("starts no more workers than there are cells", () => {
    expect(asked({ trainers: ["replay"] }).workers).toBe(1);
    expect(asked({ trainers: ["replay"], workers: 3 }).workers).toBe(3);
  });

  it("is a checkpoint's or a server's trainer", () => {
    expect(evaluator(builtIn.allTrainers(), "checkpoint").name).toBe("frozen");
    expect(evaluator(builtIn.allTrainers(), "server").name).toBe("endpoint");
  });

  it("is refused where no plug-in declares it", () => {
    expect(() => resolveConfig(readConfig(undefined, { trainers: ["majority"] }), registry)).toThrowError(
      expect.objectContaining({ code: "UNKNOWN_NAME", fix: expect.stringContaining("Name a suite") }),
    );
  });
});
