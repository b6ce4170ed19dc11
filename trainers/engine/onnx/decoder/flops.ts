import { type DecoderConfig, linearModules } from "../../../model/decoder-config.js";
import { towerFlops } from "../vision/tower.js";
import type { PackedBatch } from "./packed-forward.js";

/**
 * Floating-point operations of a packed forward pass, two for a multiplication with its addition, in matrix products
 * alone. `linear` are those with weights, `attention` those between activations.
 */
export function forwardFlops(config: DecoderConfig, batch: PackedBatch): { linear: number; attention: number } {
  const rows = batch.tokens.places.length;
  const selected = batch.selected.places.length;
  const products = Object.entries(linearModules(config)).map(([name, { shape }]) => ({
    name,
    size: shape[0] * shape[1],
  }));
  const everywhere = products.reduce((sum, { size }) => sum + size, 0);
  const last = products.reduce(
    (sum, { name, size }) => sum + size * (name === "k_proj" || name === "v_proj" ? rows : selected),
    0,
  );
  const linear = everywhere * rows * (config.layers - 1) + last + config.vocabulary * config.hidden * selected;
  const pairs = batch.tokens.sequences * batch.tokens.longest;
  const width = 2 * config.heads * config.headDimension;
  const attention = width * pairs * (batch.tokens.longest * (config.layers - 1) + batch.selected.longest);
  return { linear: 2 * linear, attention: 2 * attention };
}

/**
 * Forward and backward: each product has two gradients, a frozen weight's product only that of its input. A vision tower
 * is part of the pass unless it is frozen.
 */
export function trainingFlops(config: DecoderConfig, batch: PackedBatch, frozen: boolean): number {
  const { linear, attention } = forwardFlops(config, batch);
  return frozen ? 2 * linear + 3 * attention : 3 * (linear + attention + seeingFlops(config, batch));
}

/** The forward pass of a training graph. */
export function evaluationFlops(config: DecoderConfig, batch: PackedBatch, frozen: boolean): number {
  const { linear, attention } = forwardFlops(config, batch);
  return linear + attention + (frozen ? 0 : seeingFlops(config, batch));
}

function seeingFlops({ vision, hidden }: DecoderConfig, { images }: PackedBatch): number {
  return vision === undefined ? 0 : towerFlops(vision, hidden, images.length);
}
