import { adapterForm } from "../../../trainers/engine/onnx/lora.js";
import { floats, singleThread } from "../../../trainers/engine/onnx/session.js";
import { openCheckpoint, readTensors } from "../../../trainers/model/checkpoint.js";
import type { InferenceModel } from "../../../trainers/model/generation/inference.js";
import { openAdapter } from "../../../trainers/model/peft.js";

/** A model directory, and an adapter's if given, as inference reads it. */
export function openForInference(directory: string, adapterDirectory?: string): InferenceModel {
  const checkpoint = openCheckpoint(directory);
  const adapter = adapterDirectory === undefined ? undefined : openAdapter(adapterDirectory);
  const tensors = [...readTensors(checkpoint), ...(adapter?.tensors ?? [])];
  return {
    config: checkpoint.config,
    tensors: Object.fromEntries(tensors.map(({ name, shape, values }) => [name, floats(values, shape)])),
    lora: adapter && adapterForm(adapter.options),
    session: singleThread,
    spend: () => {},
  };
}
