import fc from "fast-check";
import { expect, test } from "vitest";
import { adapterScaling } from "../../../trainers/model/adapter-shapes.js";
import { openAdapter, saveAdapter } from "../../../trainers/model/peft.js";
import {
  type Adapter,
  concatenateAdapters,
  divideAdapter,
  sliceAdapter,
} from "../../../trainers/model/stacked-adapter.js";
import { temporaryDirectory } from "./tiny-model.js";

const module = "model.layers.0.mlp.up_proj";
const size = fc.integer({ min: 1, max: 5 });
const counted = (length: number, from: number) => Float32Array.from({ length }, (_, i) => from + i);

const rank = fc.integer({ min: 1, max: 3 });
const kind = fc.constantFrom<"lora" | "adalora">("lora", "adalora");
const adapterOf = fc.record({
  kind,
  rank,
  alpha: fc.integer({ min: 1, max: 9 }),
  modules: fc.subarray(["up_proj", "down_proj"], { minLength: 1 }),
});

test("adapters of any form side by side compute the sum of what each computes; the last one comes back bit for bit", () => {
  fc.assert(
    fc.property(fc.array(adapterOf, { minLength: 1, maxLength: 4 }), size, size, (forms, inputs, outputs) => {
      const adapters = forms.map(({ kind, rank, alpha, modules }, block): Adapter => {
        const common = { rank, alpha, dropout: 0, targetModules: modules };
        const options = kind === "adalora" ? { ...common, kind, targetRank: 1 } : common;
        const tensors = modules.flatMap((name) => [
          {
            name: `model.layers.0.mlp.${name}.lora_A.weight`,
            shape: [rank, inputs],
            values: counted(rank * inputs, 3 * block),
          },
          {
            name: `model.layers.0.mlp.${name}.lora_B.weight`,
            shape: [outputs, rank],
            values: counted(outputs * rank, 2 * block),
          },
          ...(kind === "adalora"
            ? [{ name: `model.layers.0.mlp.${name}.lora_E.weight`, shape: [rank, 1], values: counted(rank, 1 - block) }]
            : []),
        ]);
        return { options, tensors };
      });
      const whole = concatenateAdapters(adapters);
      const last = adapters.at(-1)!;
      expect(adapterScaling(whole.options)).toBeCloseTo(adapterScaling(last.options), 12);
      for (const name of whole.options.targetModules) {
        const sumOf = (part?: (value: number) => number) =>
          adapters
            .map((adapter) => product(adapter, name, inputs * outputs, part))
            .reduce((sum, own) => sum.map((value, i) => value + own[i]!));
        const [expected, magnitudes] = [sumOf(), sumOf(Math.abs)];
        // each factor of a term is rounded to float32 once at most; terms may cancel
        for (const [i, value] of product(whole, name, inputs * outputs).entries())
          expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(2 ** -22 * magnitudes[i]!);
      }
      const first = whole.options.rank - last.options.rank;
      const own = sliceAdapter(whole, first, last.options.rank);
      for (const tensor of last.tensors) expect(own.tensors).toContainEqual(tensor);
    }),
  );
});

test("adapters of one form that are stored as one come apart again", () => {
  fc.assert(
    fc.property(size, size, size, size, (rank, inputs, outputs, count) => {
      const options = { rank, alpha: 3, dropout: 0, targetModules: ["up_proj"] };
      const adapters = Array.from({ length: count }, (_, block) => ({
        options,
        tensors: [
          { name: `${module}.lora_A.weight`, shape: [rank, inputs], values: counted(rank * inputs, 10 * block) },
          { name: `${module}.lora_B.weight`, shape: [outputs, rank], values: counted(outputs * rank, 20 * block) },
        ],
      }));
      const parts = divideAdapter(concatenateAdapters(adapters), rank);
      expect(parts.map(({ tensors }) => tensors)).toEqual(adapters.map(({ tensors }) => tensors));
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

/** scale · B·E·A of an adapter on one module, flat, of what `part` takes of each value; zeros where it leaves the module alone. */
function product(
  { options, tensors }: Adapter,
  target: string,
  length: number,
  part: (value: number) => number = (value) => value,
): number[] {
  const [down, up, diagonal] = ["A", "B", "E"].map((part) =>
    tensors.find(({ name }) => name.endsWith(`${target}.lora_${part}.weight`)),
  );
  if (!down || !up) return Array.from({ length }, () => 0);
  const [rank, inputs] = down.shape as [number, number];
  return Array.from({ length }, (_, index) => {
    const [row, column] = [Math.floor(index / inputs), index % inputs];
    let sum = 0;
    for (let k = 0; k < rank; k++)
      sum += part(up.values[row * rank + k]! * (diagonal?.values[k] ?? 1) * down.values[k * inputs + column]!);
    return adapterScaling(options) * sum;
  });
}
