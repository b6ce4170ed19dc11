import type { Vector } from "../../contract.js";
import type { TrainableDecoder } from "../training/trainable-decoder.js";
import type { InferenceModel } from "./inference.js";

/**
 * What inference reads of a model that is trained.
 *
 * @param weights of what is trainable; the model's own unless given.
 * @param spend counts floating-point operations.
 */
export function inferenceOf(
  decoder: TrainableDecoder,
  weights: Vector | undefined,
  spend: InferenceModel["spend"],
): InferenceModel {
  const { architecture, config, session, pictures, adapter, prompts } = decoder;
  return {
    ...{ architecture, config, session, pictures, spend },
    virtualTokens: prompts?.options.virtualTokens ?? 0,
    tensors: decoder.tensors(weights),
    lora: adapter?.form,
    still: decoder.frozen ? "features" : weights === undefined ? "states" : "nothing",
  };
}
