import fc from "fast-check";
import { expect, test } from "vitest";
import { openAdapter, saveAdapter } from "../../../trainers/model/peft.js";
import { concatenateAdapters, divideAdapter } from "../../../trainers/model/stacked-adapter.js";
import { temporaryDirectory } from "./tiny-model.js";

const module = "model.layers.0.mlp.up_proj";
const size = fc.integer({ min: 1, max: 5 });
const counted = (length: number, from: number) => Float32Array.from({ length }, (_, i) => from + i);

test("adapters side by side compute the sum of what each computes, and come apart again", () => {
  fc.assert(
    fc.property(size, size, size, size, (rank, inputs, outputs, count) => {
      const blocks = Array.from({ length: count }, (_, block) => [
        { name: `${module}.lora_A.weight`, shape: [rank, inputs], values: counted(rank * inputs, 10 * block) },
        { name: `${module}.lora_B.weight`, shape: [outputs, rank], values: counted(outputs * rank, 20 * block) },
      ]);
      const lora = { rank, alpha: 3, dropout: 0, targetModules: ["up_proj"] };
      const { options, tensors } = concatenateAdapters(lora, blocks);
      expect(options.alpha / options.rank).toBeCloseTo(lora.alpha / rank, 12);
      expect(product(tensors)).toEqual(
        blocks.map(product).reduce((sum, own) => sum.map((value, i) => value + own[i]!)),
      );
      expect(divideAdapter(tensors, count)).toEqual(blocks);
    }),
  );
});

test("AdaLoRA comes back bit for bit, pruned triplets as zeros, a module without any among them", () => {
  const kept = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(kept, size, size, (pattern, inputs, outputs) => {
      const values = (name: string, shape: [number, number]) => {
        const all = counted(shape[0] * shape[1], 1);
        const triplet = (i: number) => (name === "B" ? i % 4 : Math.floor(i / shape[1]));
        const own = all.map((value, i) => (pattern[triplet(i)] ? value : 0));
        return { name: `${module}.lora_${name}.weight`, shape, values: own };
      };
      const tensors = [values("A", [4, inputs]), values("B", [outputs, 4]), values("E", [4, 1])];
      const options = { rank: 4, alpha: 8, dropout: 0, targetModules: ["up_proj"] };
      const directory = temporaryDirectory();
      saveAdapter(directory, { kind: "adalora", ...options, targetRank: 2 }, tensors);
      const opened = openAdapter(directory);
      expect(opened.options).toEqual({ kind: "adalora", ...options, targetRank: 2 });
      expect([...opened.tensors].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(tensors);
    }),
    { numRuns: 25 },
  );
});

/** B·A of an adapter on one module, flat. */
function product(tensors: readonly { shape: readonly number[]; values: Float32Array }[]): number[] {
  const [down, up] = tensors as [(typeof tensors)[number], (typeof tensors)[number]];
  const [rank, inputs] = down.shape as [number, number];
  return Array.from({ length: up.shape[0]! * inputs }, (_, index) => {
    const [row, column] = [Math.floor(index / inputs), index % inputs];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += up.values[row * rank + k]! * down.values[k * inputs + column]!;
    return sum;
  });
}
