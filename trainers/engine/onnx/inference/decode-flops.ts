import { type DecoderConfig, linearModules } from "../../../model/decoder-config.js";

/** Floating-point operations of one decoding step in matrix products: one token a row, attending to that many slots. */
export function decodeFlops(config: DecoderConfig, rows: number, slots: number): number {
  const modules = Object.values(linearModules(config)).reduce((sum, { shape }) => sum + shape[0] * shape[1], 0);
  const attention = 2 * config.heads * config.headDimension * slots;
  return 2 * rows * (config.layers * (modules + attention) + config.vocabulary * config.hidden);
}
