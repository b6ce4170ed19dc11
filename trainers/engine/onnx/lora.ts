import { BenchError } from "../../../harness/contract/errors.js";
import { random } from "../../../harness/contract/random.js";
import type { LoraOptions } from "../contract.js";
import { type LlamaConfig, linearModules } from "./llama-config.js";
import { ParameterStore } from "./parameters.js";

/** A low-rank adapter (Hu et al., 2106.09685) on linear modules of every layer. */
export class LoraAdapter {
  /** `….lora_A.weight` [rank, in] and `….lora_B.weight` [out, rank], named as PEFT names them. */
  readonly store: ParameterStore;
  private readonly paths: { path: string; shape: readonly [number, number] }[];

  /** A is drawn as PEFT draws it, uniform in ±1/√in (Kaiming with a = √5); B is zero, so the model is as before. */
  constructor(
    config: LlamaConfig,
    readonly options: LoraOptions,
    seed: number,
  ) {
    const modules = linearModules(config);
    const unknown = options.targetModules.find((name) => !(name in modules));
    if (unknown !== undefined || options.targetModules.length === 0) {
      throw new BenchError("CONFIG_INVALID", `LoRA cannot target ${unknown ?? "no module"}.`, {
        fix: `Use some of: ${Object.keys(modules).join(", ")}.`,
      });
    }
    const targets = Object.entries(modules).filter(([name]) => options.targetModules.includes(name));
    this.paths = Array.from({ length: config.layers }, (_, layer) =>
      targets.map(([, { module, shape }]) => ({ path: `model.layers.${layer}.${module}`, shape })),
    ).flat();
    this.store = new ParameterStore(
      Object.fromEntries(
        this.paths.flatMap(({ path, shape: [outputs, inputs] }) => [
          [`${path}.lora_A.weight`, [options.rank, inputs]],
          [`${path}.lora_B.weight`, [outputs, options.rank]],
        ]),
      ),
    );
    for (const { path, shape } of this.paths) {
      const draw = random({ seed, stream: "lora-initialisation", item: path });
      const bound = 1 / Math.sqrt(shape[1]);
      const values = this.store.view(`${path}.lora_A.weight`);
      for (let i = 0; i < values.length; i++) values[i] = (2 * draw.uniform() - 1) * bound;
    }
  }

  /** alpha / rank. */
  get scaling(): number {
    return this.options.alpha / this.options.rank;
  }

  /** Adds scaling · B·A to the weights it stands on. */
  mergeInto(base: ParameterStore): void {
    const { rank } = this.options;
    for (const { path, shape } of this.paths) {
      const [outputs, inputs] = shape;
      const down = this.store.view(`${path}.lora_A.weight`);
      const up = this.store.view(`${path}.lora_B.weight`);
      const weight = base.view(`${path}.weight`);
      for (let row = 0; row < outputs; row++) {
        for (let column = 0; column < inputs; column++) {
          let sum = 0;
          for (let k = 0; k < rank; k++) sum += up[row * rank + k]! * down[k * inputs + column]!;
          weight[row * inputs + column]! += this.scaling * sum;
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
