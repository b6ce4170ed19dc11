import { random } from "../../../../harness/contract/random.js";
import { type AdaptedModule, adaptedModules, adapterScaling, adapterShapes } from "../../../model/adapter-shapes.js";
import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { AdapterOptions } from "../../contract.js";
import { startAdapter } from "../../starts.js";
import { ParameterStore } from "./parameter-store.js";

/** What of an adapter shapes a graph. */
export interface AdapterForm {
  readonly scaling: number;
  readonly targets: readonly string[];
  /** Whether there is a diagonal between its matrices. */
  readonly diagonal: boolean;
}

export function adapterForm(options: AdapterOptions): AdapterForm {
  return {
    scaling: adapterScaling(options),
    targets: options.targetModules,
    diagonal: options.kind === "adalora",
  };
}

/** A low-rank adapter (Hu et al., 2106.09685; AdaLoRA: Zhang et al., 2303.10512) on linear modules of every layer. */
export class LoraAdapter {
  /**
   * `….lora_A.weight` [rank, in], `….lora_B.weight` [out, rank] and, in AdaLoRA, the diagonal `….lora_E.weight` [rank, 1],
   * named as PEFT names them.
   */
  readonly store: ParameterStore;
  private readonly paths: readonly AdaptedModule[];

  /** The model is as before, see `startAdapter`; `index` is how many adapters a stack has beneath. */
  constructor(
    readonly config: DecoderConfig,
    readonly options: AdapterOptions,
    seed: number,
    index?: number,
  ) {
    this.paths = adaptedModules(config, options);
    this.store = new ParameterStore(adapterShapes(config, options));
    for (const { path } of this.paths) {
      const [down, up] = ["A", "B"].map((part) => this.store.view(`${path}.lora_${part}.weight`)) as [
        Float32Array,
        Float32Array,
      ];
      startAdapter(options, { path, down, up }, seed, index);
    }
  }

  get form(): AdapterForm {
    return adapterForm(this.options);
  }

  get scaling(): number {
    return this.form.scaling;
  }

  /** Adds scaling · B·A, or scaling · B·E·A, to the weights that it adapts. */
  mergeInto(base: ParameterStore): void {
    const { rank } = this.options;
    const { scaling, diagonal: hasDiagonal } = this.form;
    for (const { path, shape } of this.paths) {
      const [outputs, inputs] = shape;
      const down = this.store.view(`${path}.lora_A.weight`);
      const up = this.store.view(`${path}.lora_B.weight`);
      const weight = base.view(`${path}.weight`);
      const diagonal = hasDiagonal ? this.store.view(`${path}.lora_E.weight`) : undefined;
      for (let row = 0; row < outputs; row++) {
        for (let column = 0; column < inputs; column++) {
          let sum = 0;
          for (let k = 0; k < rank; k++) {
            sum += up[row * rank + k]! * (diagonal?.[k] ?? 1) * down[k * inputs + column]!;
          }
          weight[row * inputs + column]! += scaling * sum;
        }
      }
    }
  }

  /**
   * Factors 0 or 1/(1 − p) for the inputs of each module, keyed by seed, step, part of the batch and module; [rows, in] flat. The distances
   * between zeros are drawn: they follow the geometric distribution.
   */
  dropoutMasks(rowsOf: (path: string) => number, seed: number, step: number, part = 0) {
    const { dropout } = this.options;
    return this.paths.map(({ path, shape }) => {
      const rows = rowsOf(path);
      const draw = random({ seed, stream: "lora-dropout", task: part || undefined, step, item: path });
      const gap = () => Math.floor(Math.log(1 - draw.uniform()) / Math.log(1 - dropout));
      const values = new Float32Array(rows * shape[1]).fill(1 / (1 - dropout));
      for (let i = gap(); i < values.length; i += 1 + gap()) values[i] = 0;
      return { path, rows, values };
    });
  }
}
