import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Model, TrainingSequence } from "../../../../trainers/engine/contract.js";
import { architectures } from "../../../../trainers/engine/onnx/architectures/index.js";
import { openModel } from "../../../../trainers/engine/onnx/open.js";
import { openTorchModel } from "../../../../trainers/engine/torch/open.js";
import { temporaryDirectory } from "../../model/tiny-model.js";
import { fixtureImage, variantNames, variants, withImages, writeTinyLlava } from "../../model/vision/tiny-llava.js";
import { skipped } from "./python.js";

const settings = { threads: 1, seed: 1 };
const openHere = (directory: string): Promise<Model> => openModel(directory, { device: "cpu", ...settings });
const openThere = (directory: string): Promise<Model> => openTorchModel({ directory }, "cpu", settings, architectures);
const update = { learningRate: 0.003, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, clip: 1 };
const pictures = ["rgb-160x120.jpg", "palette-60x80.png", "orientation-6-40x28.jpg"].map(fixtureImage);

/** Two questions with images, one of text. */
function lessons(model: Model): TrainingSequence[] {
  const lesson = (tokens: number[], images: TrainingSequence["images"]): TrainingSequence => ({
    tokens: [...tokens, 70, 80, 262],
    weights: [...tokens.map(() => 0), 1, 1, 1],
    images,
  });
  const written = (parts: (number | null)[]) => withImages(parts, model.images!.length);
  return [
    lesson(written([40, null, 50, 60]), [pictures[0]!]),
    lesson(written([41, null, 10, null, 51]), [pictures[1]!, pictures[2]!]),
    lesson([90, 91, 92], []),
  ];
}

const objectiveOf = (model: Model) => ({
  terms: [{ kind: "language-modeling" as const, batch: lessons(model), weight: 1 }],
});
const questionsOf = (model: Model) =>
  lessons(model).map(({ tokens, images }, i) => ({ id: String(i), tokens: tokens.slice(0, -3), images }));
const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe.skipIf(skipped)("LLaVA models on PyTorch", () => {
  test.each(variantNames)("%s: logits, losses and steps are those of the embedded engine", async (name) => {
    const directory = writeTinyLlava(variants[name], 11);
    const [here, there] = [await openHere(directory), await openThere(directory)];
    expect(there).toMatchObject({ architecture: here.architecture, images: here.images });
    const logits = [await here.logits(lessons(here)), await there.logits(lessons(here))];
    expect(largest(logits[0]!.values, logits[1]!.values)).toBeLessThan(1e-4);
    const names = async (model: Model) => (await model.trainable()).layout.map((tensor) => tensor.name).sort();
    expect(await names(there)).toEqual(await names(here));
    for (const rates of [undefined, { "model.": 0.5, "vision_tower.": 0, "multi_modal_projector.": 1 }]) {
      const own = { ...update, ...(rates && { componentRates: rates }) };
      for (let step = 0; step < 3; step++) {
        const reports = [await here.step(objectiveOf(here), own), await there.step(objectiveOf(here), own)];
        expect(reports[1]!.loss).toBeCloseTo(reports[0]!.loss, 4);
        expect(reports[1]!.gradientNorm).toBeCloseTo(reports[0]!.gradientNorm, 3);
      }
    }
    const decoding = { maxNewTokens: 6 };
    expect(await there.generate(questionsOf(here), decoding)).toEqual(await here.generate(questionsOf(here), decoding));
    await Promise.all([here.release(), there.release()]);
  });

  test("answers do not depend on others; what is saved opens in both engines; an adapter goes from one to the other", async () => {
    const directory = writeTinyLlava();
    const model = await openThere(directory);
    const questions = questionsOf(model).flatMap((own, i) => [own, { ...own, id: `${i} again` }]);
    const decoding = { maxNewTokens: 5, temperature: 0.8, seed: 2 };
    for (let step = 0; step < 3; step++) await model.step(objectiveOf(model), update);
    const together = await model.generate(questions, decoding);
    for (const i of [0, 2, 4]) expect(await model.generate([questions[i]!], decoding)).toEqual([together[i]]);
    const lengths = [31, 40, 3, 32, 33, 31, 20, 40];
    const texts = lengths.map((length, i) => ({ id: `${i}`, tokens: Array.from({ length }, (_, j) => 40 + i + j) }));
    const mixed = [questions[0]!, ...texts, questions[2]!];
    const drawn = { maxNewTokens: 12, temperature: 3, seed: 1, stop: [..."abcdefghijklmnopqrstuvwxyz"] };
    const batched = await model.generate(mixed, drawn);
    expect(new Set(batched.map(({ tokens }) => tokens)).size).toBeGreaterThan(1);
    for (const [i, own] of mixed.entries()) expect(await model.generate([own], drawn)).toEqual([batched[i]]);
    const scored = questions.map((own) => ({ ...own, continuation: [70, 80, 262] }));
    const [scores, embedded] = [await model.score(scored), await model.embed(questions)];
    expect(await model.score([scored[2]!])).toEqual([scores[2]]);
    const saved = temporaryDirectory();
    await model.save(saved);
    const [again, here] = [await openThere(saved), await openHere(saved)];
    expect(await again.digest()).toBe(await model.digest());
    expect(await again.score(scored)).toEqual(scores);
    expect(largest(await here.score(scored), scores)).toBeLessThan(1e-4);
    expect(largest((await here.embed(questions))[2]!, embedded[2]!)).toBeLessThan(1e-4);

    const adapter = { rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj", "down_proj"] };
    for (const own of [again, here]) await own.adapt(adapter, 1);
    for (let step = 0; step < 3; step++) {
      const [a, b] = [await again.step(objectiveOf(again), update), await here.step(objectiveOf(here), update)];
      expect(a.loss).toBeCloseTo(b.loss, 4);
    }
    const files = temporaryDirectory();
    await again.save(files);
    expect(JSON.parse(readFileSync(join(files, "adapter_config.json"), "utf8"))).toHaveProperty("exclude_modules");
    await here.load(files);
    expect(largest(await here.score(scored), await again.score(scored))).toBeLessThan(1e-4);
    await Promise.all([model.release(), again.release(), here.release()]);
  });

  test("features of a frozen tower are computed once an image while they are kept, counted, and change no bits", async () => {
    const directory = writeTinyLlava();
    const run = async (featureBytes: number) => {
      const model = await openTorchModel({ directory }, "cpu", { ...settings, featureBytes }, architectures);
      await model.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj"] }, 1);
      for (let step = 0; step < 2; step++) await model.step(objectiveOf(model), update);
      const scores = await model.score(questionsOf(model).map((own) => ({ ...own, continuation: [70] })));
      const { flops } = await model.meter();
      return { bits: [await model.digest(), scores], flops, bytes: await model.tensorBytes() };
    };
    const [kept, anew] = [await run(2 ** 20), await run(0)];
    expect(kept.bits).toEqual(anew.bits);
    expect(kept.flops).toBeLessThan(anew.flops);
    expect(kept.bytes - anew.bytes).toBe(pictures.length * 16 * 32 * 4); // features, width, bytes
  });

  test.each(variantNames)(
    "%s: states of a tower at a rate of 0 are computed once an image while they are kept, counted, and change no bits",
    async (name) => {
      const directory = writeTinyLlava(variants[name]);
      const frozen = { ...update, componentRates: { "vision_tower.": 0 } };
      const run = async (featureBytes: number) => {
        const model = await openTorchModel({ directory }, "cpu", { ...settings, featureBytes }, architectures);
        const asked = questionsOf(model).map((own) => ({ ...own, continuation: [70, 80] }));
        const [start, bytes] = [await model.snapshot(), await model.tensorBytes()];
        const values = await model.read(start);
        const { layout } = await model.trainable();
        const tower = layout.filter((tensor) => tensor.name.startsWith("vision_tower."));
        const steps = [];
        for (let step = 0; step < 3; step++) steps.push(await model.step(objectiveOf(model), frozen));
        const after = await model.snapshot();
        const now = await model.read(after);
        for (const { offset, length } of tower)
          expect(now.subarray(offset, offset + length)).toEqual(values.subarray(offset, offset + length));
        const scores = await model.score(asked);
        await Promise.all([start, after].map((vector) => model.free(vector)));
        const kept = (await model.tensorBytes()) - bytes;
        const { flops } = await model.meter();
        await model.step(objectiveOf(model), update);
        const moved = await model.score(asked);
        const saved = temporaryDirectory();
        await model.save(saved);
        const again = await openThere(saved);
        expect(await again.score(asked)).toEqual(moved);
        await model.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj"] }, 1);
        const adapted = await model.score(asked);
        const bits = [steps, scores, moved, adapted, await model.digest()];
        await Promise.all([model.release(), again.release()]);
        return { bits, flops, kept };
      };
      const [kept, anew] = [await run(2 ** 20), await run(0)];
      expect(kept.bits).toEqual(anew.bits);
      expect(kept.flops).toBeLessThan(anew.flops);
      expect(kept.kept - anew.kept).toBeGreaterThan(0);
    },
  );

  test("a half-space with a frozen tower is the same in a step, in a gradient and its application, and embedded", async () => {
    const directory = writeTinyLlava();
    const results: Float32Array[] = [];
    const componentRates = { "vision_tower.": 0 };
    for (const open of [openHere, openThere]) {
      for (const way of ["step", "apply"]) {
        const model = await open(directory);
        const { length, layout } = await model.trainable();
        const values = new Float32Array(length);
        for (const { name, offset, length } of layout)
          for (let i = 0; i < length; i++) values[offset + i] = Math.sin(i + name.length) - 0.5;
        const how = {
          ...update,
          componentRates,
          constraint: { kind: "half-space" as const, normal: await model.write(values) },
        };
        if (way === "step") await model.step(objectiveOf(model), how);
        else await model.apply(await model.gradient(objectiveOf(model)), how);
        const { first } = await model.optimizer.save();
        const order = layout.toSorted((a, b) => (a.name < b.name ? -1 : 1));
        const own = order.flatMap(({ offset, length }) => [...first.subarray(offset, offset + length)]);
        results.push(Float32Array.from(own));
        await model.release();
      }
    }
    const most = Math.max(...results[0]!.map(Math.abs));
    for (const own of results) expect(largest(own, results[0]!) / most).toBeLessThan(1e-4);
  });

  test("refuses images that do not fit the tokens, and files that are gone", async () => {
    const model = await openThere(writeTinyLlava());
    const [question] = questionsOf(model);
    const ask = (own: object) => expect(model.score([{ ...question!, ...own, continuation: [70] }])).rejects;
    await ask({ images: pictures.slice(0, 2) }).toMatchObject({ code: "DATA_INVALID" });
    await ask({ images: [{ path: "/nowhere.png", digest: "0" }] }).toMatchObject({ code: "DATA_INVALID" });
    await model.release();
  });
});
