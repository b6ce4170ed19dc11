import type { AdapterOptions, LoraOptions } from "../engine/contract.js";
import { type AdapterBase, saveAdapter } from "./peft.js";
import type { NamedTensor } from "./safetensors.js";

/** Writes the last of a model's adapters, or LoRA adapters that act side by side as one. See `saveAdapter`. */
export function saveStack(
  directory: string,
  options: AdapterOptions,
  blocks: readonly (readonly NamedTensor[])[],
  base: AdapterBase,
): void {
  if (blocks.length === 1 || options.kind === "adalora") {
    saveAdapter(directory, options, blocks.at(-1)!, base);
    return;
  }
  const whole = concatenateAdapters(options, blocks);
  saveAdapter(directory, whole.options, whole.tensors, base);
}

/** The tensors of each adapter, oldest first, that `saveStack` wrote of adapters of one rank: of `stored`, the sum of theirs. */
export function adaptersIn(tensors: readonly NamedTensor[], stored: number, rank: number): NamedTensor[][] {
  const count = stored / rank;
  return Number.isInteger(count) && count > 1 ? divideAdapter(tensors, count) : [[...tensors]];
}

/** LoRA adapters that act side by side, as one of the sum of their ranks: rows of A and columns of B one after another. */
export function concatenateAdapters(options: LoraOptions, blocks: readonly (readonly NamedTensor[])[]) {
  const count = blocks.length;
  const tensors = blocks[0]!.map(({ name, shape: [rows, columns] }, tensor): NamedTensor => {
    const parts = blocks.map((block) => block[tensor]!.values);
    const shape = isUp(name) ? [rows!, columns! * count] : [rows! * count, columns!];
    const values = new Float32Array(shape[0]! * shape[1]!);
    for (const [block, part] of parts.entries()) {
      eachElement(name, shape, count, block, (own, whole) => {
        values[whole] = part[own]!;
      });
    }
    return { name, shape, values };
  });
  return { options: { ...options, rank: options.rank * count, alpha: options.alpha * count }, tensors };
}

/** The tensors of each of `count` adapters that are stored as one, oldest first: what `concatenateAdapters` undoes. */
export function divideAdapter(tensors: readonly NamedTensor[], count: number): NamedTensor[][] {
  return Array.from({ length: count }, (_, block) =>
    tensors.map(({ name, shape, values }) => {
      const [rows, columns] = shape as [number, number];
      const own = isUp(name) ? [rows, columns / count] : [rows / count, columns];
      const part = new Float32Array(values.length / count);
      eachElement(name, shape, count, block, (index, whole) => {
        part[index] = values[whole]!;
      });
      return { name, shape: own, values: part };
    }),
  );
}

const isUp = (name: string): boolean => name.endsWith("lora_B.weight");

/** Calls with the index of each element in a block and in the whole, whose shape is given. */
function eachElement(
  name: string,
  shape: readonly number[],
  count: number,
  block: number,
  visit: (own: number, whole: number) => void,
): void {
  const [rows, columns] = shape as [number, number];
  const length = (rows * columns) / count;
  const width = isUp(name) ? columns / count : columns;
  const first = isUp(name) ? block * width : block * length;
  for (let own = 0; own < length; own++) visit(own, first + Math.floor(own / width) * columns + (own % width));
}
