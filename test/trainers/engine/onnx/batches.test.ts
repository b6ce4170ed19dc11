import fc from "fast-check";
import { expect, test } from "vitest";
import { batchesOf, widthStep } from "../../../../trainers/engine/onnx/inference/batches.js";

test("every request once, in a width that its own length gives, within the bound", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 80 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 0, max: 20 }), (given, most) => {
      const batches = batchesOf(given, () => most);
      const requests = batches.flatMap(({ indices }) => indices);
      expect(requests.sort((a, b) => a - b)).toEqual(given.map((_, index) => index));
      for (const { width, indices } of batches) {
        expect(indices.length).toBeGreaterThan(0);
        expect(indices.length).toBeLessThanOrEqual(Math.max(1, most));
        for (const index of indices) expect(width).toBe(Math.ceil(given[index]! / widthStep) * widthStep);
      }
    }),
  );
});
