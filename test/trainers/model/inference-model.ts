import { floats, singleThread } from "../../../trainers/engine/onnx/session.js";
import { openCheckpoint, readTensors } from "../../../trainers/model/checkpoint.js";
import type { InferenceModel } from "../../../trainers/model/generation/inference.js";

/** A model directory as inference reads it. */
export function openForInference(directory: string): InferenceModel {
  const checkpoint = openCheckpoint(directory);
  const tensors = [...readTensors(checkpoint)].map(({ name, shape, values }) => [name, floats(values, shape)]);
  return { config: checkpoint.config, tensors: Object.fromEntries(tensors), session: singleThread, spend: () => {} };
}
