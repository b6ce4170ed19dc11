import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { resolveReference } from "../../../harness/hub.js";
import type { AdapterOptions } from "../../../trainers/engine/contract.js";
import { openModel } from "../../../trainers/engine/onnx/open.js";
import { openAdapter, saveAdapter, weightsName } from "../../../trainers/model/peft.js";
import { adapterFormat, llamaFormat } from "../../../trainers/model-formats.js";
import { temporaryDirectory, writeTinyModel } from "./tiny-model.js";

const options = { device: "cpu", threads: 1, seed: 1 };
const update = { learningRate: 0.05, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
const sequence = { tokens: [40, 50, 60, 70, 80, 262], weights: [0, 0, 0, 1, 1, 1] };
const objective = { terms: [{ kind: "language-modeling" as const, batch: [sequence], weight: 1 }] };
const questions = [{ id: "a", tokens: [40, 50, 60], continuation: [70, 80, 262] }];

test("an adapter opens on its base, named or behind it, and answers as the model that was trained", async () => {
  const base = writeTinyModel();
  const trained = await openModel(base, options);
  await trained.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj", "down_proj"] }, 3);
  for (let step = 0; step < 5; step++) await trained.step(objective, update);
  const adapter = temporaryDirectory();
  await trained.save(adapter);
  const [expected] = await trained.score(questions);

  const { directory } = await resolveReference(`${base}::${adapter}`, "model");
  const behind = await openModel(directory, options);
  expect((await behind.score(questions))[0]).toBeCloseTo(expected!, 4);
  expect((await (await openModel(base, options)).score(questions))[0]).not.toBeCloseTo(expected!, 1);

  expect([llamaFormat, adapterFormat].map((format) => format.recognizes(adapter))).toEqual([false, true]);
  const file = join(adapter, "adapter_config.json");
  const text = readFileSync(file, "utf8");
  expect(JSON.parse(text).base_model_name_or_path).toBe(base);
  writeFileSync(file, JSON.stringify({ ...JSON.parse(text), base_model_name_or_path: null }));
  await expect(adapterFormat.inspect(adapter)).rejects.toMatchObject({ code: "MODEL_INVALID", fix: /--base/ });
  writeFileSync(file, text);
  const named = await openModel(adapter, options);
  expect(await named.digest()).toBe(await behind.digest());

  const inspected = await adapterFormat.inspect(adapter);
  expect(inspected).toEqual(await adapterFormat.inspect(directory));
  expect(inspected.digest).toBe(await trained.digest());
  expect(inspected.digest).not.toBe((await llamaFormat.inspect(base)).digest);
  expect(inspected.parameters).toBe(trained.parameters + (await trained.trainable()).addedParameters);
});

/** The tiny model with other weights. */
async function otherBase(): Promise<string> {
  const model = await openModel(writeTinyModel(), options);
  await model.step(objective, update);
  const directory = temporaryDirectory();
  await model.save(directory);
  return directory;
}

test("an adapter that bench saved is refused on other weights than its own", async () => {
  const trained = await openModel(writeTinyModel(), options);
  await trained.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj"] }, 3);
  const adapter = temporaryDirectory();
  await trained.save(adapter);
  await expect(adapterFormat.inspect(`${await otherBase()}::${adapter}`)).rejects.toMatchObject({
    code: "MODEL_INVALID",
    message: expect.stringContaining("trained on other weights"),
    at: { file: adapter },
  });
});

test("of an adapter that only names its base, another base is said", async () => {
  const [own, other] = [writeTinyModel(), await otherBase()];
  const trained = await openModel(own, options);
  await trained.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj"] }, 3);
  const [saved, adapter] = [temporaryDirectory(), temporaryDirectory()];
  await trained.save(saved);
  const { options: form, tensors } = openAdapter(saved);
  saveAdapter(adapter, form, tensors); // as PEFT does, without the digest of the base
  const file = join(adapter, "adapter_config.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), base_model_name_or_path: own }));
  expect((await adapterFormat.inspect(`${own}::${adapter}`)).notes).toEqual([]);
  expect((await adapterFormat.inspect(`${other}::${adapter}`)).notes).toEqual([
    `the adapter says that it belongs to ${own}; it is put on ${other}`,
  ]);
});

describe("an adapter that is trained on base + adapter", () => {
  const below = { rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj", "down_proj"] };
  const above = { rank: 3, alpha: 2, dropout: 0, targetModules: ["q_proj", "up_proj"] };
  let base: string;
  let first: string;

  async function trainedFurther(form: AdapterOptions, stacked: number) {
    const model = await openModel(first, options);
    await model.adapt(form, 4);
    await model.step(objective, update);
    for (let seed = 5; seed < 5 + stacked; seed++) {
      await model.stack(seed);
      await model.step(objective, update);
    }
    return model;
  }

  beforeAll(async () => {
    base = writeTinyModel();
    first = temporaryDirectory();
    const model = await openModel(base, options);
    await model.adapt(below, 3);
    for (let step = 0; step < 3; step++) await model.step(objective, update);
    await model.save(first);
  });

  test.each<[string, AdapterOptions, number]>([
    ["LoRA", above, 0],
    ["a stack of LoRA", above, 2],
    ["AdaLoRA", { ...above, kind: "adalora", targetRank: 2 }, 0],
  ])("%s opens on the raw base with the same answers, and continues bit for bit", async (_name, form, stacked) => {
    const model = await trainedFurther(form, stacked);
    const saved = temporaryDirectory();
    await model.save(saved);
    expect(openAdapter(saved).options.rank).toBe(below.rank + (1 + stacked) * above.rank);
    expect((await adapterFormat.inspect(saved)).notes).toEqual([]);
    const [expected] = await model.score(questions);
    const alone = await openModel(saved, options);
    expect((await alone.score(questions))[0]).toBeCloseTo(expected!, 4);
    const [beneath] = await (await openModel(first, options)).score(questions);
    expect(Math.abs(beneath! - expected!)).toBeGreaterThan(0.05);

    const restored = await openModel(first, options);
    await restored.adapt(form, 9);
    await restored.load(saved);
    const valuesOf = async (of: typeof model) => of.read(await of.snapshot());
    expect(await valuesOf(restored)).toEqual(await valuesOf(model));
    expect(await restored.score(questions)).toEqual([expected]);
    const again = temporaryDirectory();
    await restored.save(again);
    expect(readFileSync(join(again, weightsName))).toEqual(readFileSync(join(saved, weightsName)));
  });

  test("it is refused on the intermediate model and on another base; the fix names its base", async () => {
    const saved = temporaryDirectory();
    await (await trainedFurther(above, 0)).save(saved);
    for (const other of [first, await otherBase()]) {
      const refused = adapterFormat.inspect(`${other}::${saved}`);
      await expect(refused).rejects.toMatchObject({ code: "MODEL_INVALID", fix: expect.stringContaining(base) });
    }
  });

  test("once the base itself was trained, what is saved is not said to fit its files", async () => {
    const model = await openModel(first, options);
    await model.step(objective, update);
    await model.adapt(above, 4);
    const saved = temporaryDirectory();
    await model.save(saved);
    expect(openAdapter(saved).options).toEqual(above);
    await expect(adapterFormat.inspect(saved)).rejects.toMatchObject({ code: "MODEL_INVALID" });
  });
});
