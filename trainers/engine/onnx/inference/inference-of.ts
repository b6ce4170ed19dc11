import type { Vector } from "../../contract.js";
import type { TrainableDecoder } from "../training/trainable-decoder.js";
import type { InferenceModel } from "./inference.js";
import type { PromptCache } from "./prompt-cache.js";

/**
 * What inference reads of a model that is trained.
 *
 * @param weights of what is trainable; the model's own unless given.
 * @param promptCache prompts that were computed with the model's own weights.
 * @param spend counts floating-point operations.
 */
export function inferenceOf(
  decoder: TrainableDecoder,
  weights: Vector | undefined,
  promptCache: PromptCache | undefined,
  spend: InferenceModel["spend"],
): InferenceModel {
  const { architecture, config, session, pictures, adapter, prompts } = decoder;
  return {
    ...(weights === undefined && promptCache && { promptCache }),
    ...{ architecture, config, session, pictures, spend },
    virtualTokens: prompts?.options.virtualTokens ?? 0,
    tensors: decoder.tensors(weights),
    lora: adapter?.form,
    frozenVision: decoder.frozen,
  };
}
