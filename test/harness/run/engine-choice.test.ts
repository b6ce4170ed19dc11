import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import type { RunConfig } from "../../../harness/contract/config.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { engineChoice } from "../../../harness/run/plan/engine.js";
import { planRun } from "../../../harness/run/plan/plan.js";
import { newDirectory } from "../../files.js";
import { configure } from "./support.js";

const rooms = ["trainers", "suites"].map((room) => pathToFileURL(join(packageRoot, "dist", room, "index.js")).href);
const further = join(packageRoot, "test", "fixtures", "plugins", "engines.mjs");

const plugins = [...rooms, further];
const registry = await loadRegistry(plugins);

const planned = (changes: Partial<RunConfig>, trainers: string[], from = registry, specifiers = plugins) => {
  const suite = { name: "trace-seq", options: {} };
  const config = configure(newDirectory(), { suite, ...changes }, ...trainers);
  return planRun(config, from, specifiers, "bench run trace-seq");
};

/** A directory of one of the formats of the fixture. */
function model(format: string): string {
  const directory = newDirectory();
  writeFileSync(join(directory, `${format}.json`), "{}");
  return directory;
}

test("an engine plug-in that a run does not use changes no id", async () => {
  const trainers = ["frozen", "ewc", "lora"];
  const alone = await planned({}, trainers, await loadRegistry(rooms), rooms);
  const beside = await planned({}, trainers);
  expect(beside.record.cells).toEqual(alone.record.cells);
  expect(beside.record.configDigest).toBe(alone.record.configDigest);
  expect(beside.record.numerics).toMatch(/^onnx:onnx@5 onnxruntime-node@[\d.]+$/);
  expect(Object.keys(beside.record.environment).filter((key) => key.startsWith("engine "))).toEqual(["engine onnx"]);
});

test("the first engine that opens the model on the device computes, or the one that is named", async () => {
  const engineOf = async (changes: Partial<RunConfig>) => (await planned(changes, ["ewc"])).engine;
  expect(await engineOf({})).toBe("onnx");
  expect(await engineOf({ model: model("plain") })).toBe("slim");
  expect(await engineOf({ device: "abacus" })).toBe("slim");
  expect(await engineOf({ engine: "slim" })).toBe("slim");
  const [byDefault, named] = [await planned({}, ["ewc"]), await planned({ engine: "onnx" }, ["ewc"])];
  expect(named.record.cells).toEqual(byDefault.record.cells);
  expect((await planned({ engine: "slim" }, ["ewc"])).record.cells).not.toEqual(byDefault.record.cells);
  await expect(planned({ engine: "onyx" }, ["ewc"])).rejects.toMatchObject({
    code: "UNKNOWN_NAME",
    fix: expect.stringContaining("onnx"),
  });
});

test("what the engine or the model lacks is refused by name before anything runs", async () => {
  await expect(planned({ engine: "slim" }, ["lora", "l2p"])).rejects.toMatchObject({
    code: "CAPABILITY_MISSING",
    message: 'the trainer "l2p" needs soft-prompts, which the engine "slim" does not have for Qwen2ForCausalLM',
    fix: expect.stringContaining("--engine onnx"),
  });
  const composed = { name: "composed", label: "both", options: { use: ["ewc", "lora"] } };
  await expect(planned({ model: model("rigid"), trainers: [composed] }, [])).rejects.toMatchObject({
    code: "CAPABILITY_MISSING",
    message: 'the trainer "both" needs adapters, which the engine "slim" does not have for Rigid',
  });
  await expect(planned({ model: model("rigid") }, ["ewc"])).resolves.toMatchObject({ engine: "slim" });
});

test("a model that no engine opens serves trainers that need none", async () => {
  const closed = model("closed");
  await expect(planned({ model: closed }, ["sequential"])).rejects.toMatchObject({
    code: "CAPABILITY_MISSING",
    message: expect.stringContaining('the trainer "sequential" needs one'),
    fix: expect.stringContaining("endpoint"),
  });
  const { engine, record } = await planned({ model: closed }, ["endpoint"]);
  expect(engine).toBeUndefined();
  expect(record.numerics).toBe("none");
  await expect(planned({ model: closed, engine: "slim" }, ["endpoint"])).rejects.toMatchObject({
    code: "CAPABILITY_MISSING",
  });
});

test("what a learner gets of the engine is plain data", async () => {
  const directory = model("plain");
  const choice = await engineChoice("slim", directory, registry);
  expect(structuredClone(choice)).toEqual({
    name: "slim",
    module: pathToFileURL(further).href,
    checkpoint: { format: "plain", architecture: "Plain", directory },
  });
});
