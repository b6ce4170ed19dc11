import { BenchError } from "../../../../harness/contract/errors.js";
import type { Vector } from "../../contract.js";

/** The vectors that trainers hold handles to. Sums run in double precision. */
export class VectorPool {
  private readonly held = new Map<number, Float32Array>();
  private count = 0;

  /** Takes ownership of the values. */
  hold(values: Float32Array): Vector {
    this.count++;
    this.held.set(this.count, values);
    return { id: this.count, length: values.length };
  }

  /** The values behind a handle, not a copy. Throws INTERNAL where it was freed or has another length. */
  values(vector: Vector, length = vector.length): Float32Array {
    const values = this.held.get(vector.id);
    if (!values) throw new BenchError("INTERNAL", `Vector ${vector.id} was freed or belongs to another model.`);
    if (values.length !== length) {
      throw new BenchError("INTERNAL", `Vector ${vector.id} has ${values.length} elements instead of ${length}.`, {
        fix: "Vectors of before an adapter was added or merged do not fit the parameters after it.",
      });
    }
    return values;
  }

  free(vector: Vector): void {
    this.held.delete(vector.id);
  }

  clear(): void {
    this.held.clear();
  }

  get bytes(): number {
    let bytes = 0;
    for (const values of this.held.values()) bytes += values.byteLength;
    return bytes;
  }

  dot(a: Vector, b: Vector): number {
    const left = this.values(a);
    const right = this.values(b, left.length);
    let sum = 0;
    for (let i = 0; i < left.length; i++) sum += left[i]! * right[i]!;
    return sum;
  }

  combine(weights: readonly number[], vectors: readonly Vector[]): Vector {
    if (vectors.length === 0 || weights.length !== vectors.length) {
      throw new BenchError("INTERNAL", `${weights.length} weights do not fit ${vectors.length} vectors.`);
    }
    const parts = vectors.map((vector) => this.values(vector, vectors[0]!.length));
    const combined = new Float32Array(parts[0]!.length);
    for (let i = 0; i < combined.length; i++) {
      let sum = 0;
      for (let k = 0; k < parts.length; k++) sum += weights[k]! * parts[k]![i]!;
      combined[i] = sum;
    }
    return this.hold(combined);
  }

  multiply(a: Vector, b: Vector): Vector {
    const left = this.values(a);
    const right = this.values(b, left.length);
    const product = new Float32Array(left.length);
    for (let i = 0; i < left.length; i++) product[i] = left[i]! * right[i]!;
    return this.hold(product);
  }
}
