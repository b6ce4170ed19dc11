import type { Shapes } from "../../../model/decoder-config.js";
import type { TensorLayout } from "../../contract.js";

/** Named float32 tensors in one flat array, in the order given; each tensor is a view onto it. */
export class ParameterStore {
  readonly tensors: readonly TensorLayout[];
  readonly values: Float32Array;
  private readonly byName: ReadonlyMap<string, TensorLayout>;

  constructor(shapes: Shapes) {
    let offset = 0;
    this.tensors = Object.entries(shapes).map(([name, shape]) => {
      const length = shape.reduce((product, size) => product * size, 1);
      const tensor = { name, shape, offset, length };
      offset += length;
      return tensor;
    });
    this.values = new Float32Array(offset);
    this.byName = new Map(this.tensors.map((tensor) => [tensor.name, tensor]));
  }

  get length(): number {
    return this.values.length;
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
}
