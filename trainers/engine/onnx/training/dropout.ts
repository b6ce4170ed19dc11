import { type Feeds, floats } from "../graph/session.js";
import type { LoraAdapter } from "../parameters/lora-adapter.js";
import type { TrainingBatch } from "./batch.js";

/** The factors of an adapter's dropout for a batch. The last layer computes all but keys and values at selected rows alone. */
export function dropoutFeeds(
  adapter: LoraAdapter,
  { packed: { tokens, selected } }: TrainingBatch,
  { seed, step, part }: { seed: number; step: number; part: number },
): Feeds {
  const last = `model.layers.${adapter.config.layers - 1}.`;
  const rowsOf = (path: string): number =>
    path.startsWith(last) && !/[kv]_proj$/.test(path) ? selected.places.length : tokens.places.length;
  const masks = adapter.dropoutMasks(rowsOf, seed, step, part);
  return Object.fromEntries(
    masks.map(({ path, rows, values }) => [`dropout.${path}`, floats(values, [rows, values.length / rows])]),
  );
}
