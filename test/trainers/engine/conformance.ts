import { describe, expect, test } from "vitest";
import { allCapabilities, type Capability } from "../../../trainers/engine/capabilities.js";
import type { CoreModel, Model, OptionalMembers } from "../../../trainers/engine/contract.js";
import { qwen2Config, temporaryDirectory, writeTinyModel } from "../model/tiny-model.js";
import { checkCapability, update } from "./conformance-capabilities.js";

/** What of an engine is put to the test. */
interface EngineUnderTest {
  name: string;
  /** Of a Qwen2 in float32. */
  capabilities: readonly Capability[];
  /** Opens a model directory in Hugging Face format with one thread; `seed` keys dropout. */
  open(directory: string, seed: number): Promise<CoreModel & Partial<OptionalMembers>>;
}

const batch = [
  { tokens: [40, 50, 60, 70, 80, 262], weights: [0, 0, 0, 1, 1, 1] },
  { tokens: [41, 51, 61, 262], weights: [0, 0, 2, 1] },
];
const objective = { terms: [{ kind: "language-modeling" as const, batch, weight: 1 }] };
const requests = [
  { id: "a", tokens: [40, 50, 60] },
  { id: "b", tokens: [7, 8] },
  { id: "c", tokens: [9, 10, 11, 12] },
];

/** Tests that every engine has to pass: the contract of `trainers/engine/contract.ts`. */
export function testConformance(engine: EngineUnderTest): void {
  const base = writeTinyModel(
    qwen2Config({ hidden: 32, layers: 1, heads: 4, keyValueHeads: 2, intermediate: 48, vocabulary: 264 }),
  );
  const open = async (seed = 1) => (await engine.open(base, seed)) as Model;

  describe(`engine ${engine.name}: core`, () => {
    test("a step reports what was before it, and lowers the loss", async () => {
      const model = await open();
      const before = await model.loss(objective);
      const report = await model.step(objective, update);
      expect(report.loss).toBeCloseTo(before, 5);
      expect(report.terms).toEqual([report.loss]);
      expect(report.tokens).toBe(10);
      expect(report.flops).toBeGreaterThan(0);
      for (let step = 0; step < 5; step++) await model.step(objective, update);
      expect(await model.loss(objective)).toBeLessThan(before);
      const meter = await model.meter();
      expect(meter.trainedTokens).toBe(60);
      expect(meter.flops).toBeGreaterThan(6 * report.flops);
      await model.gradient(objective);
      await model.loss(objective);
      expect((await model.meter()).trainedTokens).toBe(70);
    });

    test("the gradient is that of the loss, along itself", async () => {
      const model = await open();
      const gradient = await model.gradient(objective);
      const start = await model.snapshot();
      const length = Math.sqrt(await model.dot(gradient, gradient));
      const at = async (distance: number) => {
        const moved = await model.combine([1, distance / length], [start, gradient]);
        await model.restore(moved);
        await model.free(moved);
        return model.loss(objective);
      };
      const slope = ((await at(1e-2)) - (await at(-1e-2))) / 2e-2;
      expect(slope / length).toBeCloseTo(1, 2);
    });

    test("a step is the gradient and its application", async () => {
      const [one, two] = [await open(), await open()];
      const { gradientNorm } = await one.step(objective, update);
      const gradient = await two.gradient(objective);
      expect((await two.apply(gradient, update)).gradientNorm).toBeCloseTo(gradientNorm, 4);
      const [a, b] = [await one.read(await one.snapshot()), await two.read(await two.snapshot())];
      expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))).toBeLessThan(1e-4);
    });

    test("a batch in parts has the gradient of the whole", async () => {
      const [one, two] = [await open(), await open()];
      const whole = await one.step(objective, { ...update, reportGradient: true });
      const parts = await two.step({ ...objective, microBatch: 1 }, { ...update, reportGradient: true });
      expect(parts.loss).toBeCloseTo(whole.loss, 4);
      const [a, b] = [await one.read(whole.gradient!), await two.read(parts.gradient!)];
      expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))).toBeLessThan(1e-4);
    });

    test("quadratic terms and proximal pulls act toward their anchor", async () => {
      const model = await open();
      const { length } = await model.trainable();
      const anchor = await model.write(new Float32Array(length));
      const importance = await model.write(new Float32Array(length).fill(1));
      const now = await model.read(await model.snapshot());
      const half = now.reduce((sum, value) => sum + value * value, 0) / 2;
      const term = { kind: "quadratic" as const, anchor, importance, weight: 1 };
      expect((await model.loss({ terms: [term] })) / half).toBeCloseTo(1, 4);
      const gradient = await model.read(await model.gradient({ terms: [term] }));
      expect(Math.max(...gradient.map((value, i) => Math.abs(value - now[i]!)))).toBeLessThan(1e-4);
      await model.step(objective, { ...update, proximal: { anchor, importance, strength: 1e6 } });
      expect(Math.max(...(await model.read(await model.snapshot())).map(Math.abs))).toBeLessThan(1e-2);
    });

    test("vectors are values behind handles", async () => {
      const model = await open();
      const { length, layout } = await model.trainable();
      expect(layout.reduce((sum, tensor) => sum + tensor.length, 0)).toBe(length);
      const given = Float32Array.from({ length }, (_, i) => (i % 7) - 3);
      const [a, ones] = [await model.write(given), await model.write(new Float32Array(length).fill(1))];
      given.fill(0);
      const values = await model.read(a);
      expect([values[0], values[6]]).toEqual([-3, 3]);
      expect(await model.read(a, 5, 9)).toEqual(values.subarray(5, 9));
      expect(await model.read(a, length - 2)).toEqual(values.subarray(-2));
      const first = layout[0]!.length;
      expect(await model.read(a, first - 2, first + 3)).toEqual(values.subarray(first - 2, first + 3));
      expect(await model.dot(a, ones)).toBe(values.reduce((sum, value) => sum + value, 0));
      expect(await model.read(await model.combine([2, -1], [a, ones]))).toEqual(values.map((value) => 2 * value - 1));
      expect(await model.read(await model.multiply(a, a))).toEqual(values.map((value) => value * value));
      await model.free(a);
      await expect(model.read(a)).rejects.toMatchObject({ code: "INTERNAL" });
      await expect(model.dot(ones, await model.write(new Float32Array(3)))).rejects.toMatchObject({ code: "INTERNAL" });
    });

    test("parameters and optimizer go back to a state, to the bit", async () => {
      const model = await open();
      await model.step(objective, update);
      const [parameters, moments] = [await model.snapshot(), structuredClone(await model.optimizer.save())];
      await model.step(objective, update);
      const digest = await model.digest();
      await model.restore(parameters);
      await model.optimizer.restore(moments);
      await model.step(objective, update);
      expect(await model.digest()).toBe(digest);
      await model.optimizer.reset();
      expect(await model.optimizer.save()).toMatchObject({ step: 0 });
    });

    test("the same calls give the same bits", async () => {
      const run = async () => {
        const model = await open(3);
        for (let step = 0; step < 3; step++) await model.step(objective, update);
        const decoding = { maxNewTokens: 6, temperature: 1, seed: 5 };
        return [await model.digest(), await model.generate(requests, decoding), await model.score(scored)];
      };
      const scored = requests.map((request) => ({ ...request, continuation: [70, 80] }));
      expect(await run()).toEqual(await run());
    });

    test("what is not finite is DIVERGED, and changes nothing", async () => {
      const model = await open();
      const { length } = await model.trainable();
      await model.restore(await model.write(new Float32Array(length).fill(Number.NaN)));
      await expect(model.step(objective, update)).rejects.toMatchObject({ code: "DIVERGED" });
      expect((await model.optimizer.save()).step).toBe(0);
      expect((await model.optimizer.save()).first.every((value) => value === 0)).toBe(true);
    });

    test("answers, scores and embeddings do not depend on the other requests", async () => {
      const model = await open();
      const decoding = { maxNewTokens: 5, temperature: 0.8, topP: 0.9, repetitionPenalty: 1.1, seed: 2 };
      const scored = requests.map((request) => ({ ...request, continuation: [70, 80, 262] }));
      const together = [
        await model.generate(requests, decoding),
        await model.score(scored),
        await model.embed(requests),
      ];
      for (const [i, request] of requests.entries()) {
        expect(await model.generate([request], decoding)).toEqual([together[0]![i]]);
        expect(await model.score([scored[i]!])).toEqual([together[1]![i]]);
        expect(await model.embed([request])).toEqual([together[2]![i]]);
      }
      expect((together[2] as Float32Array[]).map(({ length }) => length)).toEqual([32, 32, 32]);
    });

    test("a score is the loss that training sees; answers end as they say", async () => {
      const model = await open();
      const [single] = batch;
      const [score] = await model.score([{ id: "x", tokens: [40, 50, 60], continuation: [70, 80, 262] }]);
      const loss = await model.loss({ terms: [{ kind: "language-modeling", batch: [single!], weight: 1 }] });
      expect(score).toBeCloseTo(-3 * loss, 4);
      for (let step = 0; step < 40; step++) {
        await model.step({ terms: [{ kind: "language-modeling", batch: [single!], weight: 1 }] }, update);
      }
      const text = model.tokenizer.decode([70, 80]);
      const ask = async (decoding: { maxNewTokens: number; stop?: string[] }) =>
        (await model.generate([{ id: "a", tokens: [40, 50, 60] }], decoding))[0];
      expect(await ask({ maxNewTokens: 8 })).toEqual({ text, tokens: 3, finishReason: "end" });
      expect(await ask({ maxNewTokens: 1 })).toMatchObject({ tokens: 1, finishReason: "length" });
      expect(await ask({ maxNewTokens: 8, stop: [text.at(-1)!] })).toMatchObject({ finishReason: "stop" });
    });

    test("`weights` of a request answer instead of the model's own", async () => {
      const model = await open();
      const scored = requests.map((request) => ({ ...request, continuation: [70] }));
      const [before, old] = [await model.snapshot(), await model.score(scored)];
      for (let step = 0; step < 3; step++) await model.step(objective, update);
      const now = await model.score(scored);
      expect(now).not.toEqual(old);
      const mixed = await model.score(
        scored.map((request, i) => (i === 1 ? { ...request, weights: before } : request)),
      );
      expect(mixed).toEqual([now[0], old[1], now[2]]);
    });

    test("what is saved loads with the same digest and answers, and answering changes nothing", async () => {
      const model = await open();
      await model.step(objective, update);
      const digest = await model.digest();
      const answers = await model.generate(requests, { maxNewTokens: 4 });
      expect(await model.digest()).toBe(digest);
      const directory = temporaryDirectory();
      await model.save(directory);
      const [opened, loaded] = [await engine.open(directory, 1), await open()];
      await loaded.load(directory);
      for (const other of [opened, loaded]) {
        expect(await other.digest()).toBe(digest);
        expect(await other.generate(requests, { maxNewTokens: 4 })).toEqual(answers);
      }
      await expect(model.load(temporaryDirectory())).rejects.toMatchObject({ code: "MODEL_INVALID" });
    });

    test("results are data", async () => {
      const model = await open();
      const results = [
        await model.trainable(),
        await model.meter(),
        await model.optimizer.save(),
        await model.snapshot(),
      ];
      expect(structuredClone(results)).toEqual(results);
      expect(await model.tensorBytes()).toBeGreaterThan(4 * model.parameters);
    });
  });

  for (const capability of allCapabilities) {
    const offered = engine.capabilities.includes(capability);
    describe.skipIf(!offered)(`engine ${engine.name}: ${capability}`, () => checkCapability(capability, open));
  }
}
