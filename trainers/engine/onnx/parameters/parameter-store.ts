import type { Shapes } from "../../../model/decoder-config.js";
import type { TensorLayout } from "../../contract.js";
import type { MappedTensor } from "../graph/mapped-tensor.js";

/**
 * Named float32 tensors in one flat array, in the order given; each tensor is a view onto it. As long as nothing asks for
 * that array, the values may be in files instead.
 */
export class ParameterStore {
  readonly tensors: readonly TensorLayout[];
  readonly length: number;
  private readonly byName: ReadonlyMap<string, TensorLayout>;
  #values: Float32Array | undefined;
  #mapped: ReadonlyMap<string, MappedTensor> | undefined;

  constructor(shapes: Shapes) {
    let offset = 0;
    this.tensors = Object.entries(shapes).map(([name, shape]) => {
      const length = shape.reduce((product, size) => product * size, 1);
      const tensor = { name, shape, offset, length };
      offset += length;
      return tensor;
    });
    this.length = offset;
    this.byName = new Map(this.tensors.map((tensor) => [tensor.name, tensor]));
  }

  /** All values, 0 at first; those in files are read, and are in memory from then on. */
  get values(): Float32Array {
    if (this.#values) return this.#values;
    const values = new Float32Array(this.length);
    for (const [name, tensor] of this.#mapped ?? []) tensor.read(this.view(name, values));
    this.#mapped = undefined;
    this.#values = values;
    return values;
  }

  /** The tensors by name, as long as they are in files. */
  get mapped(): ReadonlyMap<string, MappedTensor> | undefined {
    return this.#mapped;
  }

  /** Takes the values of files, which are all tensors of this store, in place of its own; undefined: 0. */
  map(tensors: ReadonlyMap<string, MappedTensor> | undefined): void {
    this.#values = undefined;
    this.#mapped = tensors;
  }

  layout(name: string): TensorLayout {
    const tensor = this.byName.get(name);
    if (!tensor) throw new RangeError(`There is no parameter ${name}.`);
    return tensor;
  }

  /** The tensor's part of a vector that has this store's layout, by default the parameters themselves. */
  view(name: string, vector: Float32Array = this.values): Float32Array {
    const { offset, length } = this.layout(name);
    return vector.subarray(offset, offset + length);
  }

  /** A row of a matrix, which is not to be changed. */
  row(name: string, index: number): Float32Array {
    const { shape, length } = this.layout(name);
    const width = length / shape[0]!;
    const mapped = this.#mapped?.get(name);
    if (mapped) return mapped.read(new Float32Array(width), index * width);
    return this.view(name).subarray(index * width, (index + 1) * width);
  }
}
