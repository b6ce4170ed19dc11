import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type ConfigFlags, readConfig, splitTrainers } from "../../../harness/config/index.js";
import { configSchema } from "../../../harness/config/schema.js";
import { defaultAlerts } from "../../../harness/contract/alert.js";
import type { BenchError } from "../../../harness/contract/errors.js";
import { packageRoot } from "../../../harness/contract/files.js";

const directory = mkdtempSync(join(tmpdir(), "bench-config-"));
const file = join(directory, "bench.yaml");

function read(text: string | Uint8Array, flags: ConfigFlags = {}) {
  writeFileSync(file, text);
  return readConfig(file, flags);
}

/** The error of a wrong file as `line:column message → fix`. */
function wrong(text: string | Uint8Array): string {
  try {
    read(text);
  } catch (thrown) {
    const { code, message, fix, at } = thrown as BenchError;
    expect(at?.file).toBe(file);
    return `${at?.line}:${at?.column} ${code} ${message} → ${fix}`;
  }
  return expect.fail("the file was accepted");
}

describe("defaults", () => {
  it("leave suite, trainers and workers to the plug-ins", () => {
    expect(readConfig(undefined, {}).config).toEqual({
      suite: { options: {} },
      seeds: 1,
      orders: 1,
      threads: 1,
      device: "cpu",
      quick: false,
      retryFailed: false,
      keepCheckpoints: "last",
      plugins: [],
      alerts: defaultAlerts,
    });
  });
});

describe("a run that goes on from a cell", () => {
  it("takes trainer and seed from the cell unless they are given; the path is relative to the file", () => {
    const cell = "runs/a/0123456789abcdef:stance";
    const { config } = read(`fromCheckpoint: ${cell}\n`);
    expect(config).toMatchObject({ fromCheckpoint: join(directory, cell), trainers: [], seeds: [] });
    const given = readConfig(undefined, { fromCheckpoint: cell, trainers: ["ewc"], seeds: 2 }).config;
    expect(given).toMatchObject({ fromCheckpoint: cell, trainers: [{ name: "ewc" }], seeds: 2 });
  });
});

describe("measurements within tasks", () => {
  it("are on 40 items by default; flags override the file", () => {
    expect(read("evaluateEvery: 20\n").config.observation).toEqual({ every: 20, items: 40 });
    const flags = { evaluateEvery: 5, evaluateItems: 8 };
    expect(read("evaluateEvery: 20\nevaluateItems: 100\n", flags).config.observation).toEqual({ every: 5, items: 8 });
    expect(readConfig(undefined, flags).config.observation).toEqual({ every: 5, items: 8 });
    expect(() => readConfig(undefined, { evaluateItems: 8 })).toThrowError(
      expect.objectContaining({ code: "CONFIG_INVALID", fix: expect.stringContaining("--evaluate-every") }),
    );
  });
});

describe("alerts", () => {
  it("fill in what the section leaves out; the flag wins", () => {
    const text = "alerts:\n  task: { warning: 0.2 }\n  failOn: warning\n  webhook: { url: 'env:HOOK', retries: 1 }\n";
    expect(read(text).config.alerts).toEqual({
      ...defaultAlerts,
      task: { warning: 0.2, critical: 0.15 },
      failOn: "warning",
      webhook: { url: "env:HOOK", retries: 1, secretVariable: "BENCH_WEBHOOK_SECRET", timeoutSeconds: 10 },
    });
    expect(read(text, { failOn: "critical" }).config.alerts).toMatchObject({ failOn: "critical" });
    expect(read("alerts: { safety: { critical: null } }\n").config.alerts?.safety).toEqual({
      warning: null,
      critical: null,
    });
  });
});

describe("file and flags", () => {
  it("lets a flag win over the file", () => {
    const { config } = read("seeds: [3, 5]\norders: 2\ntrainers: [ewc]\nquick: true\n", {
      orders: 4,
      trainers: ["lora"],
    });
    expect(config).toMatchObject({ seeds: [3, 5], orders: 4, quick: true, trainers: [{ name: "lora" }] });
  });

  it("takes paths of the file from its directory, paths of flags from the working directory", () => {
    const { config } = read("suite: ./data\nmodel: ./model\nout: runs/a\nplugins: [./p.mjs, some-package]\n", {
      plugins: ["./q.mjs"],
    });
    expect(config.suite).toEqual({ location: join(directory, "data"), options: {} });
    expect(config.model).toBe(join(directory, "model"));
    expect(config.out).toBe(join(directory, "runs/a"));
    expect(config.plugins).toEqual([join(directory, "p.mjs"), "some-package", resolve("q.mjs")]);
  });

  it("loads trainers that are named by file or command", () => {
    const command = "command:python3 my.py --fast";
    const { config } = readConfig(undefined, { trainers: ["replay", "./m.mjs", command] });
    expect(config.trainers!.map(({ name }) => name)).toEqual(["replay", resolve("m.mjs"), command]);
    expect(config.plugins).toEqual([resolve("m.mjs"), command]);
  });

  it("reads the training profile as written", () => {
    const { profile, trainerProfiles } = read(
      [
        "learning_rate: {initial: 1e-5, decay_factor: 0.8, warmup_steps: 100}",
        "regularization: {ewc_lambda: 0.01, elastic_beta: 0.1}",
        "data_mixing: {new_ratio: 0.2, buffer_size: 1000}",
        "trainers: [{name: replay, data_mixing: {buffer_size: 10}}]",
      ].join("\n"),
    );
    expect(profile).toEqual({
      learning_rate: { initial: 1e-5, decay_factor: 0.8, warmup_steps: 100 },
      regularization: { ewc_lambda: 0.01, elastic_beta: 0.1 },
      data_mixing: { new_ratio: 0.2, buffer_size: 1000 },
    });
    expect(trainerProfiles).toEqual([{ data_mixing: { buffer_size: 10 } }]);
  });

  it.each([
    ["trace-seq", { name: "trace-seq" }],
    ["./data", { location: resolve("data") }],
    ["data/superni", { location: resolve("data/superni") }],
    ["/data", { location: "/data" }],
    ["hf://datasets/owner/name@abc", { location: "hf://datasets/owner/name@abc" }],
    ["trace:./TRACE", { name: "trace", location: resolve("TRACE") }],
    ["trace:hf://datasets/a/b", { name: "trace", location: "hf://datasets/a/b" }],
  ])("understands %s", (reference, suite) => {
    expect(readConfig(undefined, { reference }).config.suite).toEqual({ ...suite, options: {} });
  });

  it("lets --suite say who reads a location", () => {
    expect(readConfig(undefined, { reference: "TRACE", suite: "trace" }).config.suite).toEqual({
      name: "trace",
      location: resolve("TRACE"),
      options: {},
    });
  });

  it("reads JSON, an empty file, and what `yaml` writes of any valid configuration", () => {
    expect(read('{"seeds": 2, "trainers": ["ewc"]}').config.seeds).toBe(2);
    expect(read("# nothing\n").config.seeds).toBe(1);
    const valid = fc.record(
      {
        seeds: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 5 })),
        orders: fc.integer({ min: 1, max: 9 }),
        workers: fc.integer({ min: 1, max: 64 }),
        device: fc.stringMatching(/^[a-z0-9: #'"-]{1,12}$/),
        quick: fc.boolean(),
        keepCheckpoints: fc.constantFrom("last", "all", "none"),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(valid, (content) => {
        const { seeds, ...rest } = content;
        const { config } = read(stringify(content));
        expect(config).toMatchObject(rest);
        expect(config.seeds).toEqual(seeds ?? 1);
      }),
      { numRuns: 100 },
    );
  });
});

describe("a wrong file", () => {
  it.each([
    ["a wrong key", "suite: trace-seq\nseed: 3\n"],
    ["a wrong key inside", "trainers:\n  - name: replay\n    option: {}\n"],
    ["a wrong key in the profile", "learning_rate:\n  inital: 1e-5\n"],
    ["a wrong type", "suite: trace-seq\norders: many\n"],
    ["a number that is text", 'workers: "2"\n'],
    ["a value out of range", "orders: 0\n"],
    ["a wrong choice", "keepCheckpoints: latest\n"],
    ["a trainer that is a number", "trainers:\n  - replay\n  - 7\n"],
    ["a trainer without a name", "trainers:\n  - replay\n  - {label: x}\n"],
    ["no trainer", "trainers: []\n"],
    ["steps that are none", "evaluateEvery: 0\n"],
    ["items without steps", "seeds: 2\nevaluateItems: 20\n"],
    ["seeds that repeat", "seeds: [1, 1]\n"],
    ["a suite without a name", "suite: {location: ./x}\n"],
    ["a list", "- a\n- b\n"],
    ["text", "hello\n"],
    ["two faults, the first of which counts", "quick: maybe\nseed: 1\n"],
  ])("%s", (_what, text) => {
    expect(wrong(text)).toMatchSnapshot();
  });

  it.each([
    ["an open bracket", "trainers: [replay, ewc\nseeds: 2\n"],
    ["an open quote", 'model: "abc\nseeds: 2\n'],
    ["a tab as indentation", "suite:\n\tname: x\n"],
    ["wrong indentation", "suite:\n    name: x\n  location: y\n"],
    ["a key twice", "seeds: 1\nseeds: 2\n"],
  ])("YAML: %s", (_what, text) => {
    expect(wrong(text)).toMatchSnapshot();
  });

  it("is not UTF-8, or not there", () => {
    writeFileSync(file, Uint8Array.of(0x61, 0x3a, 0xff, 0x0a));
    expect(() => readConfig(file, {})).toThrowError(
      expect.objectContaining({ code: "CONFIG_SYNTAX", message: "the configuration is not valid UTF-8" }),
    );
    expect(() => readConfig(join(directory, "none.yaml"), {})).toThrowError(
      expect.objectContaining({ code: "CONFIG_INVALID", fix: expect.stringContaining("bench init") }),
    );
  });
});

describe("a list of trainers", () => {
  it("splits at commas outside quotes", () => {
    expect(splitTrainers("replay, ewc,command:python3 my.py --x 'a,b'")).toEqual([
      "replay",
      "ewc",
      "command:python3 my.py --x 'a,b'",
    ]);
  });

  it.each(["", "a,,b", ",a", "a,"])("refuses an empty name in %j", (list) => {
    expect(() => splitTrainers(list)).toThrowError(expect.objectContaining({ code: "USAGE" }));
  });
});

it("follows the schema that is published (`npx vitest run read-config -u` writes it)", async () => {
  await expect(`${JSON.stringify(configSchema, null, 2)}\n`).toMatchFileSnapshot(
    join(packageRoot, "harness", "contract", "schemas", "config.schema.json"),
  );
});
