import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { checkInput } from "../../../harness/app/check-input.js";
import { readConfigFile } from "../../../harness/config/config-file.js";
import { compileOptions } from "../../../harness/config/options.js";
import type { Learner } from "../../../harness/contract/trainer.js";
import { readMatrix } from "../../../harness/metrics/index.js";
import { Connection } from "../../../harness/plugins/connection.js";
import { costOf, meter } from "../../../harness/run/cell/cost.js";
import { checkLearnReport } from "../../../harness/run/cell/learn-report.js";
import { lockRun } from "../../../harness/run/store/lock.js";
import { rooms } from "../../../rooms.js";
import { readSafetensors, requireFinite } from "../../../trainers/model/safetensors.js";
import { embeddedModel, newDirectory } from "../../files.js";

function written(name: string, text: string): string {
  const path = join(newDirectory(), name);
  writeFileSync(path, text);
  return path;
}

describe("a file without an end, or that exhausts whoever reads it", () => {
  const bomb = [
    "a: &a [x, x, x, x, x, x, x, x, x]",
    ...[..."bcdefghi"].map((name, index) => {
      const before = "abcdefgh"[index]!;
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(", ")}]`;
    }),
  ].join("\n");
  test.each([
    ["aliases that multiply", bomb],
    ["an anchor around its own alias", "suite: &a { options: *a }"],
    ["deep flow", `suite: ${"[".repeat(50_000)}`],
    ["deep lists", `suite: ${"[".repeat(500)}${"]".repeat(500)}`],
    ["deep blocks", Array.from({ length: 3000 }, (_, level) => `${" ".repeat(level)}a:`).join("\n")],
  ])("is a coded error: %s", (_, text) => {
    const file = written("bench.yaml", text);
    expect(() => readConfigFile(file)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^CONFIG_/) }));
    const matrix = written("matrix.json", text);
    expect(() => readMatrix(matrix)).toThrow(expect.objectContaining({ code: "DATA_INVALID" }));
  });

  test.runIf(process.platform === "linux")("is refused before it is read: a pipe, a device, a directory", () => {
    const directory = newDirectory();
    const [pipe, device, folder] = ["pipe", "device", "folder"].map((name) => join(directory, `${name}.json`));
    execFileSync("mkfifo", [pipe!]);
    symlinkSync("/dev/zero", device!);
    mkdirSync(folder!);
    for (const path of [pipe!, device!, folder!]) {
      expect(() => readConfigFile(path)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
      expect(() => readMatrix(path)).toThrow(expect.objectContaining({ code: "DATA_INVALID" }));
      expect(() => readSafetensors(path)).toThrow(expect.objectContaining({ code: "MODEL_INVALID" }));
    }
  });
});

test.each(["null", "[]", '{"pid":{}}', "7", ""])("a lock that is %j is no lock", (text) => {
  const directory = newDirectory();
  writeFileSync(join(directory, "lock"), text);
  lockRun(directory)();
});

test("a lock that is a directory is no lock", () => {
  const directory = newDirectory();
  mkdirSync(join(directory, "lock", "deeper"), { recursive: true });
  lockRun(directory)();
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("a model with weights of %s is refused", async (value) => {
  const directory = join(newDirectory(), "model");
  cpSync(embeddedModel, directory, { recursive: true });
  const file = join(directory, "model.safetensors");
  const bytes = readFileSync(file);
  bytes.writeFloatLE(value, bytes.length - 4);
  writeFileSync(file, bytes);
  await expect(checkInput(directory, { as: "model" }, { builtIns: rooms })).rejects.toMatchObject({
    code: "MODEL_INVALID",
    message: expect.stringContaining("not finite"),
  });
  expect(() => requireFinite("a", Float32Array.from([1, -value]), "file")).toThrow();
});

describe("what a trainer returns", () => {
  const costing = (...costs: object[]) => ({ cost: async () => costs.shift() }) as unknown as Learner;

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, "1", {}])("costs no %s tokens", async (value) => {
    await expect(costOf(costing({ trainedTokens: value }))).rejects.toMatchObject({ code: "PLUGIN_FAILED" });
  });

  test("costs no less than before", async () => {
    const learner = costing({ generatedTokens: 5 }, { generatedTokens: 4 });
    await expect(meter(learner, true, async () => undefined)).rejects.toMatchObject({ code: "PLUGIN_FAILED" });
  });

  const report = { steps: 1, finalLoss: 0.5, curve: [], notes: {} };
  const set = { taskId: "a", drawn: 2, parsed: 2, kept: 2, dropped: {}, items: [] };
  test.each([
    { steps: 2 ** 60 },
    { curve: [{ step: 1, loss: Number.NaN, learningRate: 1 }] },
    { curve: [null] },
    { notes: { a: Number.POSITIVE_INFINITY } },
    { notes: { a: "x".repeat(100_000) } },
    { drawn: [{ source: "a", task: null, items: 1, distinct: 2 }] },
    { synthetic: [{ ...set, parsed: 3 }] },
    { synthetic: [{ ...set, items: Array(3).fill({ input: "a", output: "b" }) }] },
  ])("is no report with %j", (change) => {
    expect(checkLearnReport(report)).toEqual(report);
    const item = { input: "a", output: "b" };
    const own = { ...report, synthetic: [{ ...set, items: [{ ...item, constructor: 1 }] }] };
    expect(checkLearnReport(own).synthetic).toEqual([{ ...set, items: [item] }]);
    expect(() => checkLearnReport({ ...report, ...change })).toThrow(
      expect.objectContaining({ code: "PLUGIN_FAILED" }),
    );
  });
});

describe("a plug-in's messages", () => {
  function connected() {
    const input = new PassThrough();
    const problems: string[] = [];
    const connection = new Connection(input, new PassThrough(), {
      request: async () => undefined,
      notification: () => undefined,
      protocolError: (what) => problems.push(what),
    });
    return { input, problems, connection };
  }

  test("a line in many pieces is put together once", async () => {
    const { input, connection } = connected();
    const answer = connection.request("cost", {});
    const text = JSON.stringify({ jsonrpc: "2.0", id: 1, result: "x".repeat(300_000) });
    for (let at = 0; at < text.length; at += 10) input.write(text.slice(at, at + 10));
    input.write("\n");
    expect(await answer).toHaveLength(300_000);
  });

  test.each([
    '{"id":{"toString":1},"result":1}',
    '{"id":1,"error":{"message":{"toString":1},"data":{"code":"constructor"}}}',
  ])("of a strange shape are errors of the plug-in: %s", async (line) => {
    const { input, problems, connection } = connected();
    const answer = connection.request("cost", {}).catch((error) => error.code);
    input.write(`${line}\n`);
    await new Promise((resolve) => setImmediate(resolve));
    if (problems.length === 0) expect(await answer).toBe("PLUGIN_FAILED");
    else expect(problems).toEqual([expect.stringContaining("never made")]);
  });
});

test("equal schemas in new objects are compiled once", () => {
  const compiled = () => compileOptions({ properties: { a: { type: "integer", default: 3 } } }, "a test");
  expect(compiled()).toBe(compiled());
});
