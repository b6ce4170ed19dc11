import { BenchError } from "../../harness/contract/errors.js";
import type { AdapterOptions } from "../engine/contract.js";
import { type DecoderConfig, linearModules, type Shapes } from "./decoder-config.js";

/** What alpha is divided by: the rank, in AdaLoRA with the 10⁻⁵ that PEFT adds to it. */
export function scalingRank({ kind, rank }: Pick<AdapterOptions, "kind" | "rank">): number {
  return kind === "adalora" ? rank + 1e-5 : rank;
}

/** What the output of an adapter's matrices is multiplied with. */
export function adapterScaling(options: AdapterOptions): number {
  return options.alpha / scalingRank(options);
}

/** A linear module that an adapter changes, by its path, with the shape [out, in] of its weight. */
export interface AdaptedModule {
  readonly path: string;
  readonly shape: readonly [number, number];
}

/** The modules that an adapter changes, layer by layer. Throws CONFIG_INVALID where a target is no linear module. */
export function adaptedModules(config: DecoderConfig, { targetModules }: AdapterOptions): AdaptedModule[] {
  const modules = linearModules(config);
  const unknown = targetModules.find((name) => !(name in modules));
  if (unknown !== undefined || targetModules.length === 0) {
    throw new BenchError("CONFIG_INVALID", `LoRA cannot target ${unknown ?? "no module"}.`, {
      fix: `Use some of: ${Object.keys(modules).join(", ")}.`,
    });
  }
  const targets = Object.entries(modules).filter(([name]) => targetModules.includes(name));
  return Array.from({ length: config.layers }, (_, layer) =>
    targets.map(([, { module, shape }]) => ({ path: `model.layers.${layer}.${module}`, shape })),
  ).flat();
}

/** The tensors of an adapter as PEFT names them, in the order in which engines keep them. */
export function adapterShapes(config: DecoderConfig, options: AdapterOptions): Shapes {
  const { rank, kind } = options;
  return Object.fromEntries(
    adaptedModules(config, options).flatMap(({ path, shape: [outputs, inputs] }) => [
      [`${path}.lora_A.weight`, [rank, inputs]],
      [`${path}.lora_B.weight`, [outputs, rank]],
      ...(kind === "adalora" ? [[`${path}.lora_E.weight`, [rank, 1]] as const] : []),
    ]),
  );
}
