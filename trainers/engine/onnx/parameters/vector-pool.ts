import { BenchError } from "../../../../harness/contract/errors.js";
import type { Vector } from "../../contract.js";

/** Freed vectors that are kept for the next ones. */
const mostSpare = 2;

/**
 * The vectors that trainers hold handles to. Sums run in double precision. The memory of a freed vector serves the next
 * one: vectors are as large as a model, and the garbage collector is late.
 */
export class VectorPool {
  private readonly held = new Map<number, Float32Array>();
  private readonly spare: Float32Array[] = [];
  private count = 0;

  /** Memory for a vector that is to be held; its values are arbitrary. */
  take(length: number): Float32Array {
    const index = this.spare.findIndex((values) => values.length === length);
    return index < 0 ? new Float32Array(length) : this.spare.splice(index, 1)[0]!;
  }

  /** Holds a copy of the values. */
  copy(values: Float32Array): Vector {
    const own = this.take(values.length);
    own.set(values);
    return this.hold(own);
  }

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
    const values = this.held.get(vector.id);
    if (!values) return;
    this.held.delete(vector.id);
    this.spare.push(values);
    if (this.spare.length > mostSpare) this.spare.shift();
  }

  clear(): void {
    this.held.clear();
    this.spare.length = 0;
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
    const combined = this.take(parts[0]!.length);
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
    const product = this.take(left.length);
    for (let i = 0; i < left.length; i++) product[i] = left[i]! * right[i]!;
    return this.hold(product);
  }
}
