import { newDirection, removeComponents } from "../constraints/orthonormal-basis.js";
import { singularDirections } from "../constraints/singular-directions.js";

/**
 * Whether directions count by their squared singular values in the matrix of inputs H, as the paper's Frobenius norm has
 * it, or by the fourth powers, as in the authors' code, which decomposes H·Hᵀ.
 */
export type Criterion = "squares" | "fourth-powers";

/** Eigenvalues of what is left of second moments below this share of all are taken for rounding. */
const least = 1e-6;

/**
 * A subspace of the inputs of a linear module: the span of orthonormal rows. DualGPM (Liang & Li, 2023) stores these or
 * a basis of the complement, whichever is smaller, which is the same subspace; here they are these always.
 */
export class InputSpace {
  readonly #rows: Float32Array[];

  /** @param basis [dimension, width]. */
  constructor(
    readonly width: number,
    basis: Float32Array = new Float32Array(0),
  ) {
    this.#rows = Array.from({ length: basis.length / width }, (_, i) => basis.subarray(i * width, (i + 1) * width));
  }

  get dimension(): number {
    return this.#rows.length;
  }

  /** The orthonormal rows, [dimension, width]. */
  get basis(): Float32Array {
    return Float32Array.from(this.#rows.flatMap((row) => [...row]));
  }

  /**
   * The leading `count` directions of inputs with these second moments outside the space, orthonormal rows [count, width]:
   * the principal right singular vectors of Ĥᵀ, with Ĥ = H − M·Mᵀ·H (InfLoRA, section 3.3). Rows are zero where fewer are
   * left.
   */
  directions(moments: Float32Array, count: number): Float32Array {
    const { vectors, values } = this.#outside(moments, count);
    const found = new Float32Array(count * this.width);
    const enough = least * trace(moments, this.width);
    const known = [...this.#rows];
    for (let i = 0; i < Math.min(count, values.length) && values[i]! > enough; i++) {
      const row = newDirection(known, vectors.subarray(i * this.width, (i + 1) * this.width))!;
      found.set(row, i * this.width);
      known.push(row);
    }
    return found;
  }

  /** Adds the fewest leading directions outside the space with which it has `share` of the inputs' energy (GPM, 2103.09762, eq. 9). */
  extend(moments: Float32Array, share: number, criterion: Criterion): void {
    const { width } = this;
    const { vectors, values } = this.#outside(moments, width);
    const squares = criterion === "squares";
    const energies = squares ? values : values.map((value) => value * value);
    const whole = trace(moments, width);
    const all = squares ? whole : moments.reduce((sum, value) => sum + value * value, 0);
    let kept = all - energies.reduce((sum, own) => sum + own, 0);
    for (let i = 0; kept < share * all && this.dimension < width; i++) {
      if (!(values[i]! > least * whole)) break;
      this.#rows.push(newDirection(this.#rows, vectors.subarray(i * width, (i + 1) * width))!);
      kept += energies[i]!;
    }
  }

  /** Eigenvectors, as rows, and eigenvalues of (I − M·Mᵀ)·moments·(I − M·Mᵀ), the largest first. */
  #outside(moments: Float32Array, count: number): { vectors: Float32Array; values: Float64Array } {
    const { width } = this;
    const rest = Float64Array.from(moments);
    const row = (i: number) => rest.subarray(i * width, (i + 1) * width);
    for (let i = 0; i < width; i++) removeComponents(row(i), this.#rows);
    const column = new Float64Array(width);
    for (let j = 0; j < width; j++) {
      for (let i = 0; i < width; i++) column[i] = rest[i * width + j]!;
      removeComponents(column, this.#rows);
      for (let i = 0; i < width; i++) rest[i * width + j] = column[i]!;
    }
    const { left, values } = singularDirections(rest, [width, width], Math.min(count, width));
    return { vectors: left, values };
  }
}

function trace(matrix: Float32Array, width: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) sum += matrix[i * width + i]!;
  return sum;
}
