import type { TensorLayout } from "../../engine/contract.js";

/** The positions of a triplet of AdaLoRA in the adapter's vector: a row of Q, an element of Λ, a column of P. */
export interface Triplet {
  readonly strength: number;
  readonly row: readonly number[];
  readonly column: readonly number[];
}

/** The triplets of an AdaLoRA adapter, module by module. */
export function tripletsOf(layout: readonly TensorLayout[]): Triplet[] {
  const byName = new Map(layout.map((tensor) => [tensor.name, tensor]));
  return layout.flatMap(({ name, shape, offset }) => {
    if (!name.endsWith(".lora_E.weight")) return [];
    const [down, up] = ["A", "B"].map((part) => byName.get(name.replace(".lora_E.", `.lora_${part}.`))!);
    const rank = shape[0]!;
    const width = down!.shape[1]!;
    return Array.from({ length: rank }, (_, triplet) => ({
      strength: offset + triplet,
      row: Array.from({ length: width }, (_, i) => down!.offset + triplet * width + i),
      column: Array.from({ length: up!.shape[0]! }, (_, i) => up!.offset + i * rank + triplet),
    }));
  });
}

/**
 * How many triplets may be kept at a 0-based step (AdaLoRA, arXiv 2303.10512, eq. 12): all of them at first, from step
 * `warm` on fewer by a cubic schedule, and the target's number in the last `final` steps.
 */
export function rankBudget(
  { all, target }: { all: number; target: number },
  { warm, final, steps }: { warm: number; final: number; steps: number },
  step: number,
): number {
  if (step < warm) return all;
  if (step >= steps - final) return target;
  const left = 1 - (step - warm) / (steps - final - warm);
  return Math.round(target + (all - target) * left ** 3);
}

/**
 * How much each parameter matters (AdaLoRA, eq. 8 to 11): its sensitivity |w·∂L/∂w|, smoothed over steps, times how
 * uncertain that is, the smoothed distance of the sensitivity from its mean.
 */
export class Importance {
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #sensitivity: Float64Array;
  readonly #uncertainty: Float64Array;

  constructor(length: number, beta1: number, beta2: number) {
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#sensitivity = new Float64Array(length);
    this.#uncertainty = new Float64Array(length);
  }

  /** @param weights those that the gradient was taken at. */
  observe(weights: Float32Array, gradient: Float32Array): void {
    for (let i = 0; i < weights.length; i++) {
      const own = Math.abs(weights[i]! * gradient[i]!);
      this.#sensitivity[i] = this.#beta1 * this.#sensitivity[i]! + (1 - this.#beta1) * own;
      const distance = Math.abs(own - this.#sensitivity[i]!);
      this.#uncertainty[i] = this.#beta2 * this.#uncertainty[i]! + (1 - this.#beta2) * distance;
    }
  }

  /** Of a triplet (eq. 7): that of its element of Λ and the means over its row and its column. */
  of({ strength, row, column }: Triplet): number {
    const mean = (indices: readonly number[]) => indices.reduce((sum, i) => sum + this.#at(i), 0) / indices.length;
    return this.#at(strength) + mean(row) + mean(column);
  }

  #at(i: number): number {
    return this.#sensitivity[i]! * this.#uncertainty[i]!;
  }
}
