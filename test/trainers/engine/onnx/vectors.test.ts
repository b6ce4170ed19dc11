import fc from "fast-check";
import { expect, test } from "vitest";
import { VectorPool } from "../../../../trainers/engine/onnx/parameters/vector-pool.js";

const numbers = fc.array(fc.tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: -99, max: 99 })), {
  minLength: 1,
});

test("products and combinations are those of linear algebra", () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: -9, max: 9 }), (pairs, factor) => {
      const pool = new VectorPool();
      const a = pool.hold(Float32Array.from(pairs, ([left]) => left));
      const b = pool.hold(Float32Array.from(pairs, ([, right]) => right));
      expect(pool.dot(a, b)).toBe(pairs.reduce((sum, [x, y]) => sum + x * y, 0));
      expect([...pool.values(pool.combine([factor, 2], [a, b]))].map((x) => x + 0)).toEqual(
        pairs.map(([x, y]) => factor * x + 2 * y + 0),
      );
      expect([...pool.values(pool.multiply(a, b))].map((x) => x + 0)).toEqual(pairs.map(([x, y]) => x * y + 0));
    }),
    { seed: 1 },
  );
});

test("a freed vector, or one of another length, is an error", () => {
  const pool = new VectorPool();
  const a = pool.hold(new Float32Array(3));
  const b = pool.hold(new Float32Array(4));
  expect(() => pool.dot(a, b)).toThrow("4 elements instead of 3");
  expect(pool.bytes).toBe(28);
  pool.free(a);
  expect(pool.bytes).toBe(16);
  expect(() => pool.values(a)).toThrow("freed");
});
