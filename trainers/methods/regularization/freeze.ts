import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { Trainable, Vector } from "../../engine/contract.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  embeddings: Type.Boolean({ default: true, description: "Whether the embeddings are frozen." }),
  layers: Type.Integer({ minimum: 0, default: 1, description: "Bottom layers that are frozen." }),
};

type FreezeOptions = OptionsOf<typeof options>;

/**
 * Freezing against spurious forgetting (Zheng et al., arXiv 2501.13453): embeddings and the bottom layers stay as they
 * are. What is frozen leaves the gradient before clipping too. Where the head is tied to the embeddings it is frozen
 * with them. Privileges: none.
 */
export const freeze = defineMethod({
  name: "freeze",
  summary: "Trains the upper layers alone: embeddings and bottom layers stay as they are.",
  source: "arXiv 2501.13453",
  version: 2,
  options,
  space: { layers: { values: [0, 1, 2, 3] }, learningRate: rateRange },
  capabilities: ["constraints"],
  strategy(options) {
    let mask: Vector | undefined;
    return {
      exclusive: ["constraint"],
      async beforeTask({ model }) {
        mask = await model.write(trained(await model.trainable(), options));
      },
      constraint: async () => ({ kind: "mask", mask: mask! }),
      afterTask: ({ model }) => model.free(mask!),
    };
  },
});

/** 1 where a parameter is trained, 0 where it is frozen. */
function trained({ length, layout }: Trainable, { embeddings, layers }: FreezeOptions): Float32Array {
  const mask = new Float32Array(length).fill(1);
  const bottom = Array.from({ length: layers }, (_, layer) => `model.layers.${layer}.`);
  for (const { name, offset, length: size } of layout) {
    const isFrozen = (embeddings && name.includes("embed_tokens")) || bottom.some((prefix) => name.startsWith(prefix));
    if (isFrozen) mask.fill(0, offset, offset + size);
  }
  return mask;
}
