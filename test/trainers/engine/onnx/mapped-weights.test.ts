import { mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Model, TrainingSequence, Update } from "../../../../trainers/engine/contract.js";
import { architectures } from "../../../../trainers/engine/onnx/architectures/index.js";
import { Graph } from "../../../../trainers/engine/onnx/graph/graph.js";
import { canBeMapped, mappedTensors } from "../../../../trainers/engine/onnx/graph/mapped-tensor.js";
import { scale } from "../../../../trainers/engine/onnx/graph/operators/index.js";
import { singleThread } from "../../../../trainers/engine/onnx/graph/session.js";
import { SessionCache } from "../../../../trainers/engine/onnx/graph/session-cache.js";
import { OnnxModel } from "../../../../trainers/engine/onnx/onnx-model.js";
import type { TrainableDecoder } from "../../../../trainers/engine/onnx/training/trainable-decoder.js";
import { openCheckpoint } from "../../../../trainers/model/checkpoint.js";
import {
  type NamedTensor,
  readHeader,
  readSafetensors,
  writeSafetensors,
} from "../../../../trainers/model/safetensors.js";
import { findWeights } from "../../../../trainers/model/weights.js";
import { filesOf } from "../../../files.js";
import { llamaConfig, qwen2Config, temporaryDirectory, writeTinyModel } from "../../model/tiny-model.js";
import { fixtureImage, withImages, writeTinyLlava } from "../../model/vision/tiny-llava.js";

const update: Update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, clip: 1 };
const lora = {
  kind: "lora",
  ...{ rank: 2, alpha: 4, dropout: 0.1, targetModules: ["q_proj", "v_proj", "down_proj"] },
} as const;
const requests = [
  { id: "a", tokens: [40, 50, 60] },
  { id: "b", tokens: [7, 8] },
];

afterEach(() => vi.unstubAllEnvs());

/** Where the weights of a large model are; of no other. */
const isMapped = (model: OnnxModel): boolean =>
  (Reflect.get(model, "decoder") as TrainableDecoder).base.mapped !== undefined;

/** The model of a directory, large above so many parameters; that of a server where it keeps prompts. */
const open = (directory: string, mostInOneGraph?: number, prefixBytes?: number): OnnxModel => {
  const checkpoint = openCheckpoint(directory, architectures);
  return new OnnxModel(checkpoint, 3, singleThread, undefined, prefixBytes, undefined, mostInOneGraph);
};

/** The model of a directory as a small one, in memory, and as a large one, in its files. */
function both(directory: string): [OnnxModel, OnnxModel] {
  const [memory, mapped] = [open(directory), open(directory, 0)];
  expect([memory, mapped].map(isMapped)).toEqual([false, true]);
  return [memory, mapped];
}

async function train(model: Model, tokens = [40, 50, 60, 70, 80, 262]): Promise<unknown> {
  const sequence: TrainingSequence = { tokens, weights: tokens.map((_, i) => (i > tokens.length / 2 ? 1 : 0)) };
  const objective = { terms: [{ kind: "language-modeling" as const, batch: [sequence], weight: 1 }] };
  const { loss, gradientNorm } = await model.step(objective, update);
  return { loss, gradientNorm, again: (await model.step(objective, update)).loss };
}

/** What a model computes and says of itself. */
const computed = async (model: Model) => ({
  answers: await model.generate(requests, { maxNewTokens: 6 }),
  scores: await model.score(requests.map((request) => ({ ...request, continuation: [70, 80] }))),
  states: await model.embed(requests),
  activations: await model.activations(requests),
  digest: await model.digest(),
  bytes: await model.tensorBytes(),
  trainable: await model.trainable(),
});

async function saved(model: Model): Promise<[string, string][]> {
  const directory = temporaryDirectory();
  await model.save(directory);
  return filesOf(directory).map((file) => [file, readFileSync(join(directory, file)).toString("base64")]);
}

/** Runs the work on both models of a directory, and expects the same of them; gives the one in files. */
async function expectSame(directory: string, work: (model: OnnxModel) => Promise<unknown>): Promise<OnnxModel> {
  const [memory, mapped] = both(directory);
  const expected = await work(memory);
  expect(await work(mapped)).toEqual(expected);
  return mapped;
}

describe("weights in files give what those in memory do, to the bit", () => {
  test("of an adapter that is trained; once it is merged they are in memory", async () => {
    const places: boolean[] = [];
    const merged = await expectSame(writeTinyModel(llamaConfig()), async (model) => {
      await model.adapt(lora, 1);
      const adapted = { losses: await train(model), ...(await computed(model)), saved: await saved(model) };
      places.push(isMapped(model));
      await model.merge();
      return { adapted, losses: await train(model), ...(await computed(model)), saved: await saved(model) };
    });
    expect([...places, isMapped(merged)]).toEqual([false, true, false]);
  });

  test("of adapters that are folded into them one after another", async () => {
    const stacked = await expectSame(writeTinyModel(qwen2Config()), async (model) => {
      await model.adapt({ ...lora, dropout: 0 }, 1);
      const first = await train(model);
      await model.stack(2);
      return { first, second: await train(model), digest: await model.digest(), saved: await saved(model) };
    });
    expect(isMapped(stacked)).toBe(false);
  });

  test("of soft prompts that are trained", async () => {
    const mapped = await expectSame(writeTinyModel(qwen2Config()), async (model) => {
      await model.addPrompts({ virtualTokens: 3, keys: 2 }, 1);
      const first = model.firstVirtualToken;
      const losses = await train(model, [first, first + 1, first + 2, 50, 60, 70, 262]);
      return { losses, ...(await computed(model)), saved: await saved(model) };
    });
    expect(isMapped(mapped)).toBe(true);
  });

  test("of a model with a vision tower under an adapter", async () => {
    const image = fixtureImage("rgb-160x120.jpg");
    const tokens = withImages([40, null, 50, 60], 16);
    const mapped = await expectSame(writeTinyLlava(), async (model) => {
      await model.adapt(lora, 1);
      return model.score([{ id: "a", tokens, images: [image], continuation: [70, 80] }]);
    });
    expect(isMapped(mapped)).toBe(true);
  });

  test("where nothing is trained; they come into memory when they are", async () => {
    const mapped = await expectSame(writeTinyModel(qwen2Config()), computed);
    expect(isMapped(mapped)).toBe(true);
    await train(mapped);
    expect(isMapped(mapped)).toBe(false);
    const trained = await mapped.digest();
    const other = await expectSame(writeTinyModel(qwen2Config()), async (model) => [
      await train(model),
      await saved(model),
    ]);
    expect(await other.digest()).toBe(trained);
  });

  test("where others are loaded", async () => {
    const directory = writeTinyModel(qwen2Config());
    const [model] = both(directory);
    await train(model);
    const files = temporaryDirectory();
    await model.save(files);
    const loaded = await expectSame(directory, async (own) => {
      await own.load(files);
      return computed(own);
    });
    expect([await loaded.digest(), isMapped(loaded)]).toEqual([await model.digest(), false]);
  });
});

test("a server, whose files may be replaced while it runs, has its weights in memory", () => {
  expect(isMapped(open(writeTinyModel(), 0, 0))).toBe(false);
});

test("files that change under an open model are MODEL_INVALID", async () => {
  const directory = writeTinyModel();
  const [, mapped] = both(directory);
  utimesSync(join(directory, "model.safetensors"), 1, 1);
  const failure = { code: "MODEL_INVALID", message: expect.stringContaining("changed") };
  await expect(mapped.generate(requests, { maxNewTokens: 1 })).rejects.toMatchObject(failure);
  await expect(mapped.digest()).rejects.toMatchObject(failure);
});

test("float32 in one directory is mapped, also through links, in several from a copy, and on Windows not at all", () => {
  const directory = temporaryDirectory();
  const at = (name: string) => join(directory, name);
  writeSafetensors(at("a"), [{ name: "a", shape: [2, 1], values: Float32Array.of(1, 2) }]);
  mkdirSync(at("other"));
  symlinkSync(at("a"), at("other/link"));
  writeSafetensors(at("other/b"), [{ name: "b", shape: [1], values: Float32Array.of(3) }]);
  const of = (...names: string[]) => new Map(names.flatMap((name) => [...readHeader(at(name))]));
  const found = mappedTensors(of("other/link"), "linux")!.get("a")!;
  expect(found.files.directory).toBe(realpathSync(directory));
  expect([...found.read(new Float32Array(2)), ...found.read(new Float32Array(1), 1)]).toEqual([1, 2, 2]);
  expect([canBeMapped(of("a"), "linux"), canBeMapped(of("a"), "win32")]).toEqual([true, false]);
  expect(mappedTensors(of("a"), "win32")).toBeUndefined();
  vi.stubEnv("XDG_CACHE_HOME", temporaryDirectory());
  const together = mappedTensors(of("a", "other/b"), "linux")!;
  expect([together.get("a")!.files.directory, [...together.get("b")!.read(new Float32Array(1))]]).toEqual([
    together.get("b")!.files.directory,
    [3],
  ]);
});

describe("weights in 16 bits", () => {
  /** The tiny model with the upper halves of its weights, and its equal in float32. */
  function written(): { half: string; whole: string } {
    const [half, whole] = [writeTinyModel(), writeTinyModel()];
    const tensors = readSafetensors(join(half, "model.safetensors"));
    let offset = 0;
    const header: Record<string, unknown> = {};
    for (const { name, shape, values } of tensors) {
      header[name] = { dtype: "BF16", shape, data_offsets: [offset, offset + 2 * values.length] };
      offset += 2 * values.length;
    }
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const upper = ({ values }: NamedTensor) =>
      new Uint16Array(new Uint32Array(values.buffer, values.byteOffset, values.length).map((bits) => bits >>> 16));
    const halves = tensors.map((tensor) => new Uint8Array(upper(tensor).buffer));
    writeFileSync(join(half, "model.safetensors"), Buffer.concat([length, text, ...halves]));
    writeSafetensors(join(whole, "model.safetensors"), readSafetensors(join(half, "model.safetensors")));
    return { half, whole };
  }

  test("are mapped from a float32 copy in the cache, once for all who open them, with the same bits", async () => {
    const { half, whole } = written();
    const cache = temporaryDirectory();
    vi.stubEnv("XDG_CACHE_HOME", cache);
    expect([canBeMapped(findWeights(half)), filesOf(cache)]).toEqual([true, []]);
    const models = [open(half, 0), open(half, 0), open(half), open(whole)];
    expect(models.map(isMapped)).toEqual([true, true, false, false]);
    const [copy, ...others] = filesOf(join(cache, "bench/float32"));
    expect([copy, others]).toEqual([expect.stringMatching(/^[0-9a-f]{16}.model\.safetensors$/), []]);
    const [first, ...rest] = await Promise.all(models.map(computed));
    for (const other of rest) expect(other).toEqual(first);
  });

  test("are in memory where the cache cannot be written", async () => {
    const { half } = written();
    const file = join(temporaryDirectory(), "file");
    writeFileSync(file, "");
    vi.stubEnv("XDG_CACHE_HOME", file);
    expect([canBeMapped(findWeights(half)), isMapped(open(half, 0))]).toEqual([false, false]);
  });

  test("another copy is written after a change, and one that nothing opened for thirty days is removed", () => {
    const { half } = written();
    const cache = temporaryDirectory();
    vi.stubEnv("XDG_CACHE_HOME", cache);
    const copies = join(cache, "bench/float32");
    open(half, 0);
    const [first] = readdirSync(copies);
    utimesSync(join(half, "model.safetensors"), 1, 1);
    open(half, 0);
    expect(readdirSync(copies)).toEqual(expect.arrayContaining([first]));
    expect(readdirSync(copies)).toHaveLength(2);
    const long = new Date(Date.now() - 31 * 24 * 3600 * 1000);
    utimesSync(join(copies, first!), long, long);
    utimesSync(join(half, "model.safetensors"), 2, 2);
    open(half, 0);
    expect(readdirSync(copies)).not.toContain(first);
    expect(readdirSync(copies)).toHaveLength(2);
  });
});

test("past a bound of mapped tensors the oldest session is released", async () => {
  const directory = temporaryDirectory();
  writeSafetensors(join(directory, "x"), [{ name: "x", shape: [2], values: Float32Array.of(1, 2) }]);
  const feeds = Object.fromEntries(mappedTensors(readHeader(join(directory, "x")))!);
  const cache = new SessionCache(64, 2);
  for (const factor of [2, 3, 4]) {
    const build = () => {
      const graph = new Graph();
      graph.output("y", scale(graph.input("x", [2]), factor));
      return graph;
    };
    expect([...(await cache.run(`scale ${factor}`, build, feeds)).y!.data]).toEqual([factor, 2 * factor]);
  }
  expect(cache.size).toBe(2);
  await cache.clear();
});
