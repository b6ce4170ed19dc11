import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Model, TrainingSequence } from "../../../../../trainers/engine/contract.js";
import { openCheckpointModel, openModel } from "../../../../../trainers/engine/onnx/open.js";
import { readHeader } from "../../../../../trainers/model/safetensors.js";
import { qwen2Config, temporaryDirectory, writeTinyModel } from "../../../model/tiny-model.js";
import {
  fixtureImage,
  imageToken,
  variantNames,
  variants,
  withImages,
  writeTinyLlava,
} from "../../../model/vision/tiny-llava.js";

const open = (directory: string): Promise<Model> => openModel(directory, { device: "cpu", threads: 1, seed: 1 });
const update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
const [first, second] = ["rgb-160x120.jpg", "palette-60x80.png"].map(fixtureImage) as [
  ReturnType<typeof fixtureImage>,
  ReturnType<typeof fixtureImage>,
];
const prompt = withImages([40, null, 50, 60], 16);
const lesson = (tokens: number[], images?: TrainingSequence["images"]): TrainingSequence => ({
  tokens: [...tokens, 70, 80, 262],
  weights: [...tokens.map(() => 0), 1, 1, 1],
  ...(images && { images }),
});
const objective = (...batch: TrainingSequence[]) => ({
  terms: [{ kind: "language-modeling" as const, batch, weight: 1 }],
});
const question = (images = [first]) => ({ id: "a", tokens: prompt, images, continuation: [70, 80, 262] });

describe("a LLaVA model", () => {
  let directory: string;
  let model: Model;

  beforeAll(async () => {
    directory = writeTinyLlava();
    model = await open(directory);
  });

  test("says how it takes images, and answers by what it sees", async () => {
    expect(model).toMatchObject({
      architecture: "LlavaForConditionalGeneration",
      images: Array(16).fill(imageToken),
    });
    const [one, other] = await model.score([question(), question([second])]);
    expect(Math.abs(one! - other!)).toBeGreaterThan(1e-3);
  });

  test("a score has the same bits alone and in company, and with an image that it saw before", async () => {
    const both = await model.score([question([second]), question(), { id: "b", tokens: [40, 41], continuation: [70] }]);
    expect(await model.score([question()])).toEqual([both[1]]);
  });

  test("a token on the cache is computed as in the whole sequence", async () => {
    const [answer] = await model.generate([{ id: "a", tokens: prompt, images: [first] }], { maxNewTokens: 4 });
    const tokens = [...prompt];
    for (let step = 0; step < answer!.tokens!; step++) {
      const scores = await model.score(
        Array.from({ length: 264 }, (_, token) => ({ id: `${token}`, tokens, images: [first], continuation: [token] })),
      );
      tokens.push(scores.indexOf(Math.max(...scores)));
    }
    expect(model.tokenizer.decode(tokens.slice(prompt.length))).toBe(answer!.text);
  });

  test("refuses images that do not fit the tokens, and files that are gone", async () => {
    const asked = (change: object) => model.score([{ ...question(), ...change }]);
    await expect(asked({ images: [first, second] })).rejects.toMatchObject({ code: "DATA_INVALID" });
    await expect(asked({ tokens: prompt.slice(0, 9) })).rejects.toMatchObject({ code: "DATA_INVALID" });
    const gone = { path: join(directory, "gone.png"), digest: "0".repeat(64) };
    await expect(asked({ images: [gone] })).rejects.toMatchObject({ code: "DATA_INVALID", at: { file: gone.path } });
    const text = await open(writeTinyModel(qwen2Config()));
    await expect(text.score([question()])).rejects.toMatchObject({ code: "DATA_INVALID" });
    await expect(text.loss(objective(lesson(prompt, [first])))).rejects.toMatchObject({ code: "DATA_INVALID" });
  });
});

test("a lesson with an image trains tower, projector and language model; one without, the language model alone", async () => {
  const model = await open(writeTinyLlava());
  const { layout } = await model.trainable();
  const moved = async (...batch: TrainingSequence[]) => {
    const before = await model.snapshot();
    await model.step(objective(...batch), update);
    const change = await model.read(await model.combine([1, -1], [await model.snapshot(), before]));
    const parts = ["vision_tower.", "multi_modal_projector.", "model.layers."];
    return parts.map((part) =>
      layout.some(({ name, offset, length }) => {
        return name.startsWith(part) && change.subarray(offset, offset + length).some((own) => own !== 0);
      }),
    );
  };
  expect(await moved(lesson([40, 50, 60]))).toEqual([false, false, true]);
  const batch = [lesson(prompt, [first]), lesson([40, 50, 60])];
  const before = await model.loss(objective(...batch));
  expect(await moved(...batch)).toEqual([true, true, true]);
  expect(await model.loss(objective(...batch))).toBeLessThan(before);
});

test("features of a frozen tower are computed once an image while they are kept, counted, and change no bits", async () => {
  const directory = writeTinyLlava();
  const run = async (featureBytes: number) => {
    const own = await openCheckpointModel({ directory }, "cpu", { threads: 1, seed: 1, featureBytes });
    await own.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj"] }, 1);
    const bytes = await own.tensorBytes();
    for (let step = 0; step < 3; step++) await own.step(objective(lesson(prompt, [first])), update);
    const scores = await own.score([question(), question([second])]);
    const { flops } = await own.meter();
    return { bits: [await own.digest(), scores], flops, kept: (await own.tensorBytes()) - bytes };
  };
  const [kept, anew] = [await run(2 ** 20), await run(0)];
  expect(kept.bits).toEqual(anew.bits);
  expect(kept.flops).toBeLessThan(anew.flops);
  expect([kept.kept, anew.kept]).toEqual([2 * 16 * 32 * 4, 0]); // images, features, width, bytes
});

test.each(variantNames)(
  "%s: states of a tower at a rate of 0 are computed once an image while they are kept, counted, and change no bits",
  async (name) => {
    const directory = writeTinyLlava(variants[name]);
    const frozen = { ...update, componentRates: { "vision_tower.": 0 } };
    const run = async (featureBytes: number, microBatch?: number) => {
      const own = await openCheckpointModel({ directory }, "cpu", { threads: 1, seed: 1, featureBytes });
      const tokens = withImages([40, null, 50, 60], own.images!.length);
      const batch = [lesson(tokens, [first]), lesson(tokens, [second]), lesson([40, 50])];
      const tower = async () => {
        const { layout } = await own.trainable();
        const values = await own.read(await own.snapshot());
        const of = layout.filter((tensor) => tensor.name.startsWith("vision_tower."));
        return of.map(({ offset, length }) => values.slice(offset, offset + length));
      };
      const before = await tower();
      const bytes = await own.tensorBytes();
      const steps = [];
      for (let step = 0; step < 3; step++) steps.push(await own.step({ ...objective(...batch), microBatch }, frozen));
      expect(await tower()).toEqual(before);
      const asked = [{ id: "a", tokens, images: [first], continuation: [70, 80] }];
      const scores = await own.score(asked);
      const kept = (await own.tensorBytes()) - bytes;
      await own.step(objective(...batch), update);
      const moved = await own.score(asked);
      const saved = temporaryDirectory();
      await own.save(saved);
      expect(await (await open(saved)).score(asked)).toEqual(moved);
      return { bits: [steps, scores, moved, await own.digest()], flops: (await own.meter()).flops, kept };
    };
    const [kept, anew] = [await run(2 ** 20), await run(0)];
    expect(kept.bits).toEqual(anew.bits);
    expect(kept.flops).toBeLessThan(anew.flops);
    expect(kept.kept).toBeGreaterThan(anew.kept);
    expect((await run(2 ** 20, 1)).bits).toEqual((await run(0, 1)).bits);
  },
);

test("what is kept of images goes with the weights, also where requests join a batch that is under way", async () => {
  const serving = (directory: string) =>
    openCheckpointModel({ directory }, "cpu", { threads: 1, seed: 1, promptBytes: 2 ** 20, featureBytes: 2 ** 20 });
  const answers = async (model: Model) => {
    const asked = [
      { id: "a", tokens: prompt, images: [first] },
      { id: "b", tokens: [40, 50] },
    ];
    const texts = asked.map((request) => model.generate([request], { maxNewTokens: 4 }));
    return [await Promise.all(texts), await model.score([question()])];
  };
  const [model, trained] = [await serving(writeTinyLlava()), await open(writeTinyLlava())];
  for (let step = 0; step < 3; step++) await trained.step(objective(lesson(prompt, [first])), update);
  const saved = temporaryDirectory();
  await trained.save(saved);
  const start = await model.snapshot();
  const before = await answers(model);
  await model.load(saved);
  const after = await answers(model);
  expect(after).not.toEqual(before);
  expect(after).toEqual(await answers(await serving(saved)));
  await model.restore(start);
  expect(await answers(model)).toEqual(before);
});

test("a rate of 0 leaves a component's gradient out of the norm that is clipped", async () => {
  const steps = async (componentRates: Record<string, number>) => {
    const model = await open(writeTinyLlava());
    const gradient = await model.gradient(objective(lesson(prompt, [first])));
    const values = await model.read(gradient);
    const { layout } = await model.trainable();
    const own = layout.filter(({ name }) => componentRates[name.split(".")[0]!] !== 0);
    const squares = own.map(({ offset, length }) =>
      values.subarray(offset, offset + length).reduce((s, g) => s + g * g, 0),
    );
    const norm = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
    const { gradientNorm } = await model.apply(gradient, { ...update, componentRates });
    expect(gradientNorm / norm).toBeCloseTo(1, 4);
    const stepped = await open(writeTinyLlava());
    const report = await stepped.step(objective(lesson(prompt, [first])), { ...update, componentRates });
    expect(report.gradientNorm / norm).toBeCloseTo(1, 4);
    return norm;
  };
  const all = await steps({ lm_head: 0.5 });
  const frozen: Record<string, number>[] = [
    { vision_tower: 0 },
    { vision_tower: 0, multi_modal_projector: 0 },
    { model: 0 },
  ];
  for (const rates of frozen) expect(await steps(rates)).toBeLessThan(all);
});

test.each(variantNames)(
  "%s: what is trained is saved under the same names, and opens with the same answers",
  async (name) => {
    const directory = writeTinyLlava(variants[name]);
    const model = await open(directory);
    const tokens = withImages([40, null, 50], model.images!.length);
    for (let step = 0; step < 2; step++) await model.step(objective(lesson(tokens, [first])), update);
    const saved = temporaryDirectory();
    await model.save(saved);
    const again = await open(saved);
    expect(await again.digest()).toBe(await model.digest());
    const asked = [{ id: "a", tokens, images: [first], continuation: [70, 80] }];
    expect(await again.score(asked)).toEqual(await model.score(asked));
    const stored = (where: string) =>
      [...readHeader(join(where, "model.safetensors"))].map(([key, { shape }]) => `${key} ${shape}`).sort();
    expect(stored(saved)).toEqual(stored(directory));
  },
);

test("an adapter is of the language model alone, with the names that PEFT gives it, and opens on its base", async () => {
  const base = writeTinyLlava();
  const model = await open(base);
  const [before] = await model.score([question()]);
  await model.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj", "v_proj"] }, 1);
  for (let step = 0; step < 3; step++) await model.step(objective(lesson(prompt, [first])), update);
  const [after] = await model.score([question()]);
  expect(after).toBeGreaterThan(before!);
  const adapter = temporaryDirectory();
  await model.save(adapter);
  const names = [...readHeader(join(adapter, "adapter_model.safetensors")).keys()];
  expect(names).toContain("base_model.model.model.language_model.layers.0.self_attn.q_proj.lora_A.weight");
  const config = JSON.parse(readFileSync(join(adapter, "adapter_config.json"), "utf8"));
  expect(config).toMatchObject({ target_modules: ["q_proj", "v_proj"], exclude_modules: ".*vision_tower.*" });
  const [again] = await (await open(`${base}::${adapter}`)).score([question()]);
  expect(again).toBeCloseTo(after!, 4);
});

test("importance of the parameters is known for lessons with images", async () => {
  const model = await open(writeTinyLlava());
  const { layout } = await model.trainable();
  for (const kind of ["exact", "sampled"] as const) {
    const values = await model.read(await model.fisher([lesson(prompt, [first])], kind, 1, 0.5));
    const { offset, length } = layout.find(({ name }) => name.includes("patch_embedding.weight"))!;
    expect(values.subarray(offset, offset + length).some((value) => value > 0)).toBe(true);
  }
});
