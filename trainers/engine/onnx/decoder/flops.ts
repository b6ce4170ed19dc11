import { type DecoderConfig, linearModules } from "../../../model/decoder-config.js";
import { projectorFlops, towerFlops } from "../vision/tower.js";
import type { ImageInput } from "./decoder.js";
import type { PackedBatch } from "./packed-forward.js";

/**
 * Floating-point operations of a packed forward pass, two for a multiplication with its addition, in matrix products
 * alone. `linear` are those with weights, `attention` those between activations.
 */
export function forwardFlops(config: DecoderConfig, batch: PackedBatch): { linear: number; attention: number } {
  const rows = batch.tokens.places.length;
  const selected = batch.selected.places.length;
  const last = batch.whole ? batch.tokens : batch.selected;
  const products = Object.entries(linearModules(config)).map(([name, { shape }]) => ({
    name,
    size: shape[0] * shape[1],
  }));
  const everywhere = products.reduce((sum, { size }) => sum + size, 0);
  const inLast = products.reduce(
    (sum, { name, size }) => sum + size * (name === "k_proj" || name === "v_proj" ? rows : last.places.length),
    0,
  );
  const linear = everywhere * rows * (config.layers - 1) + inLast + config.vocabulary * config.hidden * selected;
  const keys = batch.tokens.sequences * (batch.reach ?? batch.tokens.longest);
  const width = 2 * config.heads * config.headDimension;
  const attention = width * keys * (batch.tokens.longest * (config.layers - 1) + last.longest);
  return { linear: 2 * linear, attention: 2 * attention };
}

/**
 * Forward and backward: each product has two gradients, a frozen weight's product only that of its input.
 *
 * @param seen what the graph sees images by: of a tower or projector outside it nothing is counted.
 */
export function trainingFlops(config: DecoderConfig, batch: PackedBatch, frozen: boolean, seen?: ImageInput): number {
  const { linear, attention } = forwardFlops(config, batch);
  return frozen ? 2 * linear + 3 * attention : 3 * (linear + attention + seeingFlops(config, batch, seen));
}

/** The forward pass of a training graph. */
export function evaluationFlops(config: DecoderConfig, batch: PackedBatch, seen?: ImageInput): number {
  const { linear, attention } = forwardFlops(config, batch);
  return linear + attention + seeingFlops(config, batch, seen);
}

function seeingFlops({ vision, hidden }: DecoderConfig, { images }: PackedBatch, seen?: ImageInput): number {
  if (vision === undefined || seen === undefined || seen === "features") return 0;
  const tower = seen === "patches" ? towerFlops(vision, images.length) : 0;
  return tower + projectorFlops(vision, hidden, images.length);
}
