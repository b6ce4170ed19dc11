import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Term } from "../../../../trainers/engine/contract.js";
import { halfSpaceMultipliers } from "../../../../trainers/engine/half-spaces.js";
import { singleThread } from "../../../../trainers/engine/onnx/graph/session.js";
import { VectorPool } from "../../../../trainers/engine/onnx/parameters/vector-pool.js";
import { projected } from "../../../../trainers/engine/onnx/training/projection.js";
import { normals } from "./finite-differences.js";
import { languageModeling, plainUpdate, sequences, smallModel } from "./small-model.js";

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
const number = fc.integer({ min: -20, max: 20 });
const vectors = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 9 })).chain(([count, width]) =>
  fc.record({
    gradient: fc.array(number, { minLength: width, maxLength: width }),
    normals: fc.array(fc.array(number, { minLength: width, maxLength: width }), {
      minLength: count,
      maxLength: count,
    }),
  }),
);

describe("several half-spaces", () => {
  test("the multipliers satisfy the Karush–Kuhn–Tucker conditions of GEM's dual", () => {
    fc.assert(
      fc.property(vectors, fc.constantFrom(0, 0.5), (given, margin) => {
        const products = given.normals.map((a) => given.normals.map((b) => dot(a, b)));
        const slopes = given.normals.map((normal) => dot(given.gradient, normal));
        const found = halfSpaceMultipliers(products, slopes, margin);
        const scale = 1 + Math.max(...slopes.map(Math.abs), ...products.flat().map(Math.abs));
        for (const [i, value] of found.entries()) {
          const inside = slopes[i]! + dot(products[i]!, found);
          expect(value).toBeGreaterThanOrEqual(margin);
          expect(inside).toBeGreaterThan(-1e-6 * scale);
          expect((value - margin) * inside).toBeLessThan(1e-5 * scale * (1 + value));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("after the projection every product is at least zero; a gradient that satisfies them is left as it is", async () => {
    await fc.assert(
      fc.asyncProperty(vectors, async (given) => {
        const pool = new VectorPool();
        const hold = (values: number[]) => pool.hold(Float32Array.from(values));
        const own = hold(given.gradient);
        const held = given.normals.map(hold);
        const constraint = { kind: "half-spaces" as const, normals: held, margin: 0 };
        const result = pool.values(await projected(own, constraint, pool, singleThread));
        const before = held.map((normal) => dot(pool.values(own), pool.values(normal)));
        if (before.every((product) => product >= 0)) expect(result).toEqual(pool.values(own));
        for (const normal of held) {
          const values = pool.values(normal);
          const size = Math.hypot(...values) * (Math.hypot(...result) + Math.hypot(...given.gradient));
          expect(dot(result, values)).toBeGreaterThanOrEqual(-1e-5 * size - 1e-6);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("one half-space without a margin is A-GEM's closed form", async () => {
    const pool = new VectorPool();
    const [g, n] = [pool.hold(Float32Array.of(1, -2, 0.5)), pool.hold(Float32Array.of(0.2, 1, 1))];
    const result = pool.values(
      await projected(g, { kind: "half-spaces", normals: [n], margin: 0 }, pool, singleThread),
    );
    const [a, b] = [pool.values(g), pool.values(n)];
    a.forEach((value, i) => {
      expect(result[i]).toBeCloseTo(value - (dot(a, b) / dot(b, b)) * b[i]!, 6);
    });
  });
});

test("an orthonormal basis: what is left has no component along it, and what has none is left as it is", async () => {
  const pool = new VectorPool();
  const basis = pool.hold(Float32Array.of(1, 0, 0, 0, 0, 0.6, 0.8, 0));
  const complement = async (values: number[]) => {
    const own = pool.hold(Float32Array.from(values));
    return pool.values(await projected(own, { kind: "orthogonal", basis }, pool, singleThread));
  };
  const result = await complement([3, 1, 2, 5]);
  expect(result[0]).toBeCloseTo(0, 6);
  expect(0.6 * result[1]! + 0.8 * result[2]!).toBeCloseTo(0, 6);
  expect(result[3]).toBe(5);
  expect([...(await complement([0, 0.8, -0.6, 5]))]).toEqual([0, 0.8, -0.6, 5].map(Math.fround));
});

describe("a step in parts", () => {
  const batch = sequences([9, 5, 12, 7, 6]);
  const terms = async (model: ReturnType<typeof smallModel>): Promise<Term[]> => {
    const anchor = model.vectors.hold(Float32Array.from(normals(model.trainable.length, "anchor")));
    const importance = model.vectors.hold(new Float32Array(model.trainable.length).fill(0.01));
    const teacher = await smallModel({}, 4).logits(batch);
    teacher.values.forEach((value, i) => {
      teacher.values[i] = 1.5 * value;
    });
    return [
      ...languageModeling(batch).terms,
      { kind: "distillation", batch, teacher, temperature: 2, weight: 0.5 },
      ...languageModeling(sequences([4, 8], "other"), 0.3).terms,
      { kind: "quadratic", anchor, importance, weight: 0.7 },
    ];
  };
  const update = { ...plainUpdate, clip: 0.5 };

  test.each([1, 2, 3])("of %i sequences gives the parameters and the report of the whole", async (microBatch) => {
    const [whole, parts] = [smallModel(), smallModel()];
    const report = await whole.step({ terms: await terms(whole) }, update);
    const accumulated = await parts.step({ terms: await terms(parts), microBatch }, update);
    expect(accumulated.loss).toBeCloseTo(report.loss, 4);
    accumulated.terms.forEach((value, i) => {
      expect(value).toBeCloseTo(report.terms[i]!, 3);
    });
    expect(accumulated.gradientNorm / report.gradientNorm).toBeCloseTo(1, 4);
    expect(accumulated.tokens).toBe(report.tokens);
    expect(parts.trainedTokens).toBe(whole.trainedTokens);
    parts.trainable.values.forEach((value, i) => {
      expect(Math.abs(value - whole.trainable.values[i]!)).toBeLessThan(1e-4);
    });
  });

  test("a batch that is no larger than a part is one native run, to the bit", async () => {
    const [whole, part] = [smallModel(), smallModel()];
    await whole.step(languageModeling(batch), update);
    await part.step({ ...languageModeling(batch), microBatch: 5 }, update);
    expect(part.trainable.values).toEqual(whole.trainable.values);
  });
});
