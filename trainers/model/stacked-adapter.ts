import type { AdapterOptions } from "../engine/contract.js";
import { adapterScaling, scalingRank } from "./adapter-shapes.js";
import type { NamedTensor } from "./safetensors.js";

/** An adapter of any kind: its form, and its tensors as `adapterShapes` names them. */
export interface Adapter {
  readonly options: AdapterOptions;
  readonly tensors: readonly NamedTensor[];
}

/**
 * Adapters that act side by side, as one of the sum of their ranks: rows of A and columns of B one after another. The whole
 * has the form of the last one, whose values are kept bit for bit; what the others are scaled by is folded into their B,
 * AdaLoRA's diagonal into A where the last one has none, and modules that an adapter leaves alone are zeros.
 */
export function concatenateAdapters(adapters: readonly Adapter[]): Adapter {
  const { options } = adapters.at(-1)!;
  const blocks = adapters.map((adapter) => ({
    rank: adapter.options.rank,
    tensors: new Map(inFormOf(options, adapter).map((tensor) => [tensor.name, tensor])),
  }));
  const rank = rankOf(adapters);
  const shapes = new Map(blocks.flatMap(({ tensors }) => [...tensors].map(([name, { shape }]) => [name, shape])));
  const tensors = [...shapes].map(([name, [rows, columns]]): NamedTensor => {
    const shape = isUp(name) ? [rows!, rank] : [rank, columns!];
    const values = new Float32Array(shape[0]! * shape[1]!);
    let first = 0;
    for (const { rank: ranks, tensors } of blocks) {
      const part = tensors.get(name)?.values;
      if (part) {
        eachElement(name, shape, { first, ranks }, (own, whole) => {
          values[whole] = part[own]!;
        });
      }
      first += ranks;
    }
    return { name, shape, values };
  });
  const targetModules = [...new Set(adapters.flatMap((adapter) => adapter.options.targetModules))];
  return { options: { ...resized(options, rank), targetModules }, tensors };
}

/** Some successive ranks of an adapter, which are scaled as the whole is: what `concatenateAdapters` undoes. */
export function sliceAdapter({ options, tensors }: Adapter, first: number, ranks: number): Adapter {
  const own = tensors.map(({ name, shape, values }) => {
    const [rows, columns] = shape as [number, number];
    const size = isUp(name) ? [rows, ranks] : [ranks, columns];
    const part = new Float32Array(size[0]! * size[1]!);
    eachElement(name, shape, { first, ranks }, (index, whole) => {
      part[index] = values[whole]!;
    });
    return { name, shape: size, values: part };
  });
  return { options: resized(options, ranks), tensors: own };
}

/** The adapters of one form that are stored as one, oldest first. */
export function divideAdapter(whole: Adapter, rank: number): Adapter[] {
  const count = whole.options.rank / rank;
  if (!Number.isInteger(count) || count === 1) return [whole];
  return Array.from({ length: count }, (_, i) => sliceAdapter(whole, i * rank, rank));
}

export function rankOf(adapters: readonly Adapter[]): number {
  return adapters.reduce((sum, { options }) => sum + options.rank, 0);
}

/** The same scale at another rank. */
function resized<O extends AdapterOptions>(options: O, rank: number): O {
  const alpha = (options.alpha * scalingRank({ ...options, rank })) / scalingRank(options);
  const target = options.kind === "adalora" ? { targetRank: options.targetRank + rank - options.rank } : {};
  return { ...options, rank, alpha, ...target };
}

export const isUp = (name: string): boolean => name.endsWith("lora_B.weight");
const diagonalOf = (name: string): string => name.replace("lora_A.", "lora_E.");

/** The tensors of an adapter that computes the same in the form of another: with its scale, and with a diagonal or without. */
function inFormOf(form: AdapterOptions, { options, tensors }: Adapter): NamedTensor[] {
  const ratio = adapterScaling(options) / adapterScaling(form);
  const diagonals = new Map(tensors.map(({ name, values }) => [name, values]));
  return tensors.flatMap((tensor): NamedTensor[] => {
    const { name, shape, values } = tensor;
    if (isUp(name)) return [ratio === 1 ? tensor : { ...tensor, values: values.map((value) => value * ratio) }];
    if ((form.kind ?? "lora") === (options.kind ?? "lora")) return [tensor];
    if (form.kind === "adalora") {
      const ones = { name: diagonalOf(name), shape: [shape[0]!, 1], values: new Float32Array(shape[0]!).fill(1) };
      return [tensor, ones];
    }
    const diagonal = diagonals.get(diagonalOf(name))!;
    const scaled = values.map((value, i) => value * diagonal[Math.floor(i / shape[1]!)]!);
    return name.includes("lora_A.") ? [{ ...tensor, values: scaled }] : [];
  });
}

/** Calls with the index of each element of some ranks, among them and in the whole tensor, whose shape is given. */
function eachElement(
  name: string,
  shape: readonly number[],
  { first, ranks }: { first: number; ranks: number },
  visit: (own: number, whole: number) => void,
): void {
  const [rows, columns] = shape as [number, number];
  const up = isUp(name);
  const width = up ? ranks : columns;
  const start = up ? first : first * columns;
  const length = (up ? rows : ranks) * width;
  for (let own = 0; own < length; own++) visit(own, start + Math.floor(own / width) * columns + (own % width));
}
