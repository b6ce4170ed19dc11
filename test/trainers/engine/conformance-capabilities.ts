import { expect, test } from "vitest";
import type { Capability } from "../../../trainers/engine/capabilities.js";
import type { Attention, Model, Objective, TrainingSequence, Update } from "../../../trainers/engine/contract.js";
import { temporaryDirectory } from "../model/tiny-model.js";

/** What every step of the conformance tests is made with. */
export const update: Update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
const sequence: TrainingSequence = { tokens: [40, 50, 60, 70, 80, 262], weights: [0, 0, 0, 1, 1, 1] };
const objective: Objective = { terms: [{ kind: "language-modeling", batch: [sequence], weight: 1 }] };
const question = [{ id: "x", tokens: [40, 50, 60], continuation: [70, 80, 262] }];
const lora = { rank: 2, alpha: 4, dropout: 0, targetModules: ["q_proj", "down_proj"] };

type Open = () => Promise<Model>;

const valuesOf = async (model: Model): Promise<Float32Array> => model.read(await model.snapshot());

/** Adapters, saved and loaded into a fresh model, give the same digest and scores. */
async function expectSaved(model: Model, open: Open): Promise<void> {
  const directory = temporaryDirectory();
  await model.save(directory);
  const other = await open();
  await other.load(directory);
  const [a, b] = [await model.score(question), await other.score(question)];
  expect(b[0]).toBeCloseTo(a[0]!, 4);
}

const checks: Record<Capability, (open: Open) => void> = {
  adapters(open) {
    test("an adapter starts as nothing, is trained alone, is saved and merged", async () => {
      const model = await open();
      const [plain] = await model.score(question);
      await model.adapt(lora, 1);
      const { length, addedParameters, layout } = await model.trainable();
      expect(length).toBe(addedParameters);
      expect(layout.every(({ name }) => /\.(q_proj|down_proj)\.lora_[AB]\.weight$/.test(name))).toBe(true);
      expect((await model.score(question))[0]).toBeCloseTo(plain!, 5);
      for (let step = 0; step < 5; step++) await model.step(objective, update);
      const [trained] = await model.score(question);
      expect(trained).toBeGreaterThan(plain!);
      await expectSaved(model, open);
      await model.merge();
      expect((await model.score(question))[0]).toBeCloseTo(trained!, 4);
      expect((await model.trainable()).addedParameters).toBe(0);
    });
  },
  "stacked-adapters"(open) {
    test("an adapter on another starts as nothing; earlier ones act and stay", async () => {
      const model = await open();
      await model.adapt(lora, 1);
      for (let step = 0; step < 3; step++) await model.step(objective, update);
      const [before] = await model.score(question);
      await model.stack(2);
      expect((await model.score(question))[0]).toBeCloseTo(before!, 4);
      const term = { kind: "orthogonality" as const, weight: 0.1 };
      const overlap = await model.loss({ terms: [term] });
      expect(overlap).toBeGreaterThan(0);
      for (let step = 0; step < 5; step++) await model.step({ terms: [...objective.terms, term] }, update);
      const { length, addedParameters } = await model.trainable();
      expect(addedParameters).toBe(2 * length);
      await expectSaved(model, open);
    });
  },
  "adaptive-adapters"(open) {
    test("AdaLoRA starts as nothing, near orthonormal, and is saved", async () => {
      const model = await open();
      const [plain] = await model.score(question);
      await model.adapt({ ...lora, kind: "adalora", targetRank: 1 }, 1);
      expect((await model.score(question))[0]).toBeCloseTo(plain!, 5);
      const term = { kind: "orthonormality" as const, weight: 0.5 };
      expect(await model.loss({ terms: [term] })).toBeGreaterThan(0);
      for (let step = 0; step < 5; step++) await model.step({ terms: [...objective.terms, term] }, update);
      await expectSaved(model, open);
    });
  },
  "soft-prompts"(open) {
    test("virtual tokens are trained alone, and denote rows of the table", async () => {
      const model = await open();
      const [plain] = await model.score(question);
      await model.addPrompts({ virtualTokens: 2, keys: 1 }, 1);
      const prompt = [model.firstVirtualToken, model.firstVirtualToken + 1];
      const wrapped = { tokens: [...prompt, ...sequence.tokens], weights: [0, 0, ...sequence.weights] };
      const terms = [{ kind: "language-modeling" as const, batch: [wrapped], weight: 1 }];
      const before = await model.loss({ terms });
      for (let step = 0; step < 10; step++) await model.step({ terms }, { ...update, learningRate: 0.1 });
      expect(await model.loss({ terms })).toBeLessThan(before);
      expect((await model.score(question))[0]).toBeCloseTo(plain!, 5);
      const [key] = await model.promptKeys();
      const matching = { kind: "key-matching" as const, queries: [key!], choices: [[0]], weight: 1 };
      expect(await model.loss({ terms: [matching] })).toBeCloseTo(0, 5);
    });
  },
  importance(open) {
    test("the empirical Fisher of an example is its squared gradient; the sensitivity is no less than 0", async () => {
      const model = await open();
      const gradient = await model.read(await model.gradient(objective));
      const fisher = await model.read(await model.fisher([sequence], "empirical", 1));
      expect(Math.max(...fisher.map((value, i) => Math.abs(value - gradient[i]! ** 2)))).toBeLessThan(1e-4);
      const [sampled, again] = [1, 1].map((seed) => ({ seed, kind: "sampled" as const }));
      expect(await model.read(await model.fisher([sequence], sampled!.kind, sampled!.seed))).toEqual(
        await model.read(await model.fisher([sequence], again!.kind, again!.seed)),
      );
      const sensitivity = await model.read(await model.sensitivity([sequence]));
      expect(sensitivity.every((value) => value >= 0)).toBe(true);
      expect(sensitivity.some((value) => value > 0)).toBe(true);
    });
  },
  logits(open) {
    test("logits give the loss, at other parameters too, and match themselves", async () => {
      const model = await open();
      const start = await model.snapshot();
      const logits = await model.logits([sequence]);
      expect(structuredClone(logits)).toEqual(logits);
      expect([logits.rows, logits.values.length]).toEqual([3, 3 * logits.classes]);
      let nll = 0;
      for (const [row, label] of [70, 80, 262].entries()) {
        const own = logits.values.subarray(row * logits.classes, (row + 1) * logits.classes);
        nll += Math.log(own.reduce((sum, value) => sum + Math.exp(value), 0)) - own[label]!;
      }
      expect(nll / 3).toBeCloseTo(await model.loss(objective), 4);
      const batch = [sequence];
      const same = [
        { kind: "distillation" as const, batch, teacher: logits, temperature: 2, weight: 1 },
        { kind: "logit-matching" as const, batch, target: logits, weight: 1 },
      ];
      expect(await model.loss({ terms: same })).toBeCloseTo(0, 5);
      for (let step = 0; step < 3; step++) await model.step(objective, update);
      expect((await model.logits(batch, start)).values).toEqual(logits.values);
      expect(await model.loss({ terms: same })).toBeGreaterThan(1e-3);
    });
  },
  activations(open) {
    test("every linear module has the magnitudes of its outputs", async () => {
      const model = await open();
      const found = await model.activations([{ id: "a", tokens: [40, 50, 60] }]);
      expect(Object.keys(found).length).toBe(7);
      expect(found["model.layers.0.mlp.up_proj"]).toHaveLength(48);
      expect(Object.values(found).every((values) => values.every((value) => value >= 0))).toBe(true);
    });
  },
  "input-moments"(open) {
    test("the moments of a module's inputs are Σ x·xᵀ, of the modules that were asked for", async () => {
      const model = await open();
      const [one, other] = [
        { id: "a", tokens: [40, 50, 60] },
        { id: "b", tokens: [70, 50] },
      ];
      const found = await model.inputMoments([one, other], ["q_proj", "k_proj", "down_proj"]);
      const names = ["self_attn.q_proj", "self_attn.k_proj", "mlp.down_proj"].map((name) => `model.layers.0.${name}`);
      const inputs = new Map(found.map((own) => [[...own.modules].sort().join(), own.moments]));
      const [queries, keys, down] = names;
      expect([...inputs.keys()].sort()).toEqual([down!, `${keys},${queries}`].sort()); // one input of two modules
      expect(inputs.get(down!)).toHaveLength(48 * 48);
      const shared = inputs.get(`${keys},${queries}`)!;
      const parts = [await model.inputMoments([one], ["q_proj"]), await model.inputMoments([other], ["q_proj"])];
      const width = Math.sqrt(shared.length);
      for (let row = 0; row < width; row++) {
        expect(shared[row * width + row]).toBeGreaterThan(0);
        for (let column = 0; column < width; column++) {
          const at = row * width + column;
          expect(shared[at]).toBeCloseTo(shared[column * width + row]!, 5);
          const sum = parts.reduce((total, [part]) => total + part!.moments[at]!, 0);
          expect(Math.abs(shared[at]! - sum)).toBeLessThan(1e-4);
        }
      }
    });
  },
  attention(open) {
    test("attention sums to 1 over what is before a token; its divergence is 0 from itself, and training lowers that to another's", async () => {
      const model = await open();
      const [one, other] = [sequence, { tokens: [40, 262, 60, 50], weights: [0, 0, 1, 1] }];
      const request = ({ tokens }: TrainingSequence, queries: number[]) => ({
        id: "x",
        tokens: tokens.slice(0, -1),
        queries,
      });
      const requests = [request(one, [0, 2, 4]), request(other, [1])];
      const found = await model.attention(requests);
      const [{ heads, values, keys }] = found as [Attention, Attention];
      expect(keys).toBe(5);
      expect(values).toHaveLength(heads.length * 3 * 5);
      for (let row = 0; row < values.length; row += 5) {
        const query = [0, 2, 4][(row / 5) % 3]!;
        const own = [...values.subarray(row, row + 5)];
        expect(own.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
        expect(own.slice(query + 1).every((value) => value === 0)).toBe(true);
        expect(own.slice(0, query + 1).every((value) => value > 0)).toBe(true);
      }
      const batch = [one, other];
      const term = (teacher: readonly Attention[]) => ({
        kind: "attention-distillation" as const,
        batch,
        teacher,
        weight: 1,
      });
      expect(await model.loss({ terms: [term(found)] })).toBeCloseTo(0, 5);
      const teacher = found.map((own, text): Attention => {
        const [count, size] = [text + 1, own.queries.length * own.keys];
        const softened = own.values.slice(0, count * size).map((value) => Math.sqrt(value));
        for (let row = 0; row < softened.length; row += own.keys) {
          const sum = softened.subarray(row, row + own.keys).reduce((all, value) => all + value, 0);
          for (let key = row; key < row + own.keys; key++) softened[key]! /= sum;
        }
        return { ...own, heads: own.heads.slice(0, count), values: softened };
      });
      let expected = 0;
      for (const [text, { values: goal, heads: chosen, queries }] of teacher.entries()) {
        for (const [i, p] of goal.entries())
          if (p > 0) expected += (p * Math.log(p / found[text]!.values[i]!)) / (2 * chosen.length * queries.length);
      }
      const before = await model.loss({ terms: [term(teacher)] });
      expect(before).toBeGreaterThan(0);
      expect(before / expected).toBeCloseTo(1, 3);
      expect(await model.loss({ terms: [term(teacher)], microBatch: 1 })).toBeCloseTo(before, 6);
      const start = await model.snapshot();
      for (let step = 0; step < 5; step++)
        await model.step(
          { terms: [...objective.terms, { ...term(teacher), weight: 10 }] },
          { ...update, learningRate: 1e-3 },
        );
      expect(await model.loss({ terms: [term(teacher)] })).toBeLessThan(before);
      const again = await model.attention(requests.map((own) => ({ ...own, weights: start })));
      expect(again.map((own) => own.values)).toEqual(found.map((own) => own.values));
    });

    test("the sensitivity to a head's attention is a mean over examples", async () => {
      const model = await open();
      const other = { tokens: [40, 262, 60], weights: [0, 0, 1] };
      const [both, ...each] = [
        await model.headSensitivity([sequence, other]),
        await model.headSensitivity([sequence]),
        await model.headSensitivity([other]),
      ];
      expect(both!.length).toBeGreaterThan(0);
      for (const [layer, own] of both!.entries()) {
        expect(own.every((value) => value > 0)).toBe(true);
        for (const [head, value] of own.entries())
          expect(value / ((each[0]![layer]![head]! + each[1]![layer]![head]!) / 2)).toBeCloseTo(1, 4);
      }
    });
  },
  subspaces(open) {
    test("neither a step nor the decay of one changes a matrix along kept directions", async () => {
      const model = await open();
      const { layout } = await model.trainable();
      const tensor = layout.find(({ name }) => name.endsWith("layers.0.self_attn.q_proj.weight"))!;
      const [out, width] = tensor.shape as [number, number];
      const unit = (size: number, place: number) => Float32Array.from({ length: size }, (_, i) => Number(i === place));
      const [left, right] = [await model.write(unit(out, 1)), await model.write(unit(width, 2))];
      const before = await valuesOf(model);
      const constraint = { kind: "subspaces" as const, matrices: [{ name: tensor.name, left, right }] };
      for (let step = 0; step < 2; step++) await model.step(objective, { ...update, weightDecay: 0.1, constraint });
      const after = await valuesOf(model);
      for (let row = 0; row < out; row++) {
        for (let column = 0; column < width; column++) {
          const index = tensor.offset + row * width + column;
          const kept = row === 1 || column === 2;
          if (kept) expect(Math.abs(after[index]! - before[index]!)).toBeLessThan(1e-6);
        }
      }
      const moved = (start: number, length: number) =>
        after.subarray(start, start + length).some((value, i) => Math.abs(value - before[start + i]!) > 1e-4);
      expect(moved(tensor.offset, tensor.length)).toBe(true);
      const other = layout.find(({ name }) => name.endsWith("layers.0.mlp.up_proj.weight"))!;
      expect(moved(other.offset, other.length)).toBe(true);
    });
  },
  "reverse-distillation"(open) {
    test("the reverse divergence to itself is 0, and training lowers that to another", async () => {
      const model = await open();
      const batch = [sequence];
      const own = await model.logits(batch);
      const term = (teacher: typeof own) => ({ kind: "reverse-distillation" as const, batch, teacher, weight: 1 });
      expect(await model.loss({ terms: [term(own)] })).toBeCloseTo(0, 5);
      const teacher = { ...own, values: own.values.map((value, i) => value + (i % 3)) };
      const softmax = (values: Float32Array) => {
        const total = values.reduce((sum, value) => sum + Math.exp(value), 0);
        return values.map((value) => Math.exp(value) / total);
      };
      let expected = 0;
      for (let row = 0; row < own.rows; row++) {
        const [p, q] = [own, teacher].map(({ values, classes }) =>
          softmax(values.subarray(row * classes, (row + 1) * classes)),
        );
        expected += p!.reduce((sum, value, i) => sum + value * Math.log(value / q![i]!), 0) / own.rows;
      }
      const before = await model.loss({ terms: [term(teacher)] });
      expect(before).toBeCloseTo(expected, 3);
      for (let step = 0; step < 5; step++)
        await model.step({ terms: [term(teacher)] }, { ...update, learningRate: 1e-3 });
      expect(await model.loss({ terms: [term(teacher)] })).toBeLessThan(before);
    });
  },
  "sparse-adapters"(open) {
    test("the sparsity of an adapter is the sum of |B·A|, and training lowers it", async () => {
      const model = await open();
      await model.adapt(lora, 1);
      const term = { kind: "sparsity" as const, weight: 1 };
      expect(await model.loss({ terms: [term] })).toBe(0);
      for (let step = 0; step < 3; step++) await model.step(objective, update);
      const { layout } = await model.trainable();
      const values = await valuesOf(model);
      let expected = 0;
      for (const { name, shape, offset } of layout.filter((tensor) => tensor.name.includes("lora_A"))) {
        const [rank, width] = shape as [number, number];
        const up = layout.find((tensor) => tensor.name === name.replace("lora_A", "lora_B"))!;
        for (let row = 0; row < up.shape[0]!; row++) {
          for (let column = 0; column < width; column++) {
            let element = 0;
            for (let k = 0; k < rank; k++)
              element += values[up.offset + row * rank + k]! * values[offset + k * width + column]!;
            expected += Math.abs(element);
          }
        }
      }
      const found = await model.loss({ terms: [term] });
      expect(found / expected).toBeCloseTo(1, 4);
      for (let step = 0; step < 3; step++) await model.step({ terms: [term] }, { ...update, learningRate: 1e-3 });
      expect(await model.loss({ terms: [term] })).toBeLessThan(found);
    });
  },
  constraints(open) {
    test("what is masked keeps its bits and its moments: no gradient, no decay, no pull and no earlier moment moves it", async () => {
      const model = await open();
      const { length } = await model.trainable();
      const ones = await model.write(new Float32Array(length).fill(1));
      const anchor = await model.write(new Float32Array(length));
      await model.step(objective, update);
      const [before, moments] = [await valuesOf(model), structuredClone(await model.optimizer.save())];
      expect(moments.first.some((value) => value !== 0)).toBe(true);
      const moving = { ...update, weightDecay: 0.5, proximal: { anchor, importance: ones, strength: 1 } };
      const none = await model.write(new Float32Array(length));
      await model.step(objective, { ...moving, constraint: { kind: "mask", mask: none } });
      expect(await valuesOf(model)).toEqual(before);
      expect(await model.optimizer.save()).toEqual({ ...moments, step: 2 });
      const odd = await model.write(Float32Array.from({ length }, (_, i) => i % 2));
      await model.step(objective, { ...moving, constraint: { kind: "mask", mask: odd } });
      const [after, next] = [await valuesOf(model), await model.optimizer.save()];
      const still = (now: Float32Array, old: Float32Array) => now.every((value, i) => i % 2 === 1 || value === old[i]);
      for (const [now, old] of [
        [after, before],
        [next.first, moments.first],
        [next.second, moments.second],
      ] as const) {
        expect(still(now, old)).toBe(true);
        expect(now.some((value, i) => value !== old[i])).toBe(true);
      }
    });

    test("a mask leaves what is masked; half-spaces and bases bound the gradient", async () => {
      const model = await open();
      const { length } = await model.trainable();
      const before = await valuesOf(model);
      const mask = await model.write(Float32Array.from({ length }, (_, i) => i % 2));
      await model.step(objective, { ...update, constraint: { kind: "mask", mask } });
      const after = await valuesOf(model);
      expect(after.every((value, i) => i % 2 === 1 || value === before[i])).toBe(true);
      expect(after.some((value, i) => value !== before[i])).toBe(true);
      const gradient = await model.gradient(objective);
      const norm = Math.sqrt(await model.dot(gradient, gradient));
      const against = await model.combine([-1], [gradient]);
      const basis = await model.combine([1 / norm], [gradient]);
      const still = { ...update, learningRate: 0 };
      for (const constraint of [
        { kind: "half-space" as const, normal: against },
        { kind: "half-spaces" as const, normals: [against], margin: 0 },
        { kind: "orthogonal" as const, basis },
      ]) {
        const { gradientNorm } = await model.step(objective, { ...still, constraint });
        expect(gradientNorm / norm).toBeLessThan(1e-3);
        const applied = await model.apply(gradient, { ...still, constraint });
        expect(applied.gradientNorm / norm, constraint.kind).toBeLessThan(1e-3);
      }
    });

    test("an application of a gradient outside subspaces leaves what a matrix does along them", async () => {
      const model = await open();
      const { layout } = await model.trainable();
      const { name, shape, offset } = layout.find((tensor) => tensor.shape.length === 2)!;
      const [rows, columns] = shape as [number, number];
      const unit = (length: number) => model.write(Float32Array.from({ length }, (_, i) => Number(i === 0)));
      const constraint = {
        kind: "subspaces" as const,
        matrices: [{ name, left: await unit(rows), right: await unit(columns) }],
      };
      const before = await valuesOf(model);
      await model.apply(await model.gradient(objective), { ...update, constraint });
      const after = await valuesOf(model);
      const moved = (row: number, column: number) =>
        Math.abs(after[offset + row * columns + column]! - before[offset + row * columns + column]!);
      const all = Array.from({ length: rows * columns }, (_, i) => [Math.floor(i / columns), i % columns] as const);
      const along = all.filter(([row, column]) => row === 0 || column === 0);
      expect(Math.max(...along.map(([row, column]) => moved(row, column)))).toBeLessThan(1e-7);
      expect(Math.max(...all.map(([row, column]) => moved(row, column)))).toBeGreaterThan(1e-4);
    });

    test("a half-space is one of what moves, in a step as in a gradient and its application", async () => {
      const model = await open();
      const { layout } = await model.trainable();
      const { name, offset, length } = layout[0]!;
      const rates = { [name]: 0 };
      const [whole, among] = [await model.gradient(objective), await model.gradient(objective, rates)];
      const values = await model.read(whole);
      const moving = values.map((value, i) => (i < offset || i >= offset + length ? value : 0));
      expect(await model.read(among)).toEqual(moving);
      const norm = Math.sqrt(await model.dot(among, among));
      // with the frozen tensor the gradient is within this half-space, without it against it
      const normal = await model.write(values.map((value, i) => (moving[i] === 0 ? 1e3 * value : -value)));
      expect(await model.dot(whole, normal)).toBeGreaterThan(0);
      const still = { ...update, learningRate: 0, componentRates: rates };
      const constraint = { kind: "half-space" as const, normal };
      const several = { kind: "half-spaces" as const, normals: [normal], margin: 0 };
      const norms = [
        await model.step(objective, { ...still, constraint }),
        await model.apply(whole, { ...still, constraint }),
        await model.step(objective, { ...still, constraint: several }),
        await model.apply(whole, { ...still, constraint: several }),
      ];
      for (const { gradientNorm } of norms) expect(gradientNorm / norm).toBeLessThan(1e-3);
      const { gradient } = await model.step(objective, { ...still, constraint, reportGradient: true });
      expect(await model.read(gradient!)).toEqual(moving);
      const moved = async (act: (model: Model, given: Update) => Promise<unknown>) => {
        const own = await open();
        const normals = [await own.write(await model.read(normal)), await own.write(moving)];
        const constraint = { kind: "half-spaces" as const, normals, margin: 0.5 };
        await act(own, { ...update, componentRates: rates, constraint });
        return valuesOf(own);
      };
      const stepped = await moved((own, given) => own.step(objective, given));
      expect(await moved(async (own, given) => own.apply(await own.gradient(objective), given))).toEqual(stepped);
    });
  },
};

export const checkCapability = (capability: Capability, open: Open): void => checks[capability](open);
