import { architectures } from "../../../../trainers/engine/onnx/architectures/index.js";
import { floats, singleThread } from "../../../../trainers/engine/onnx/graph/session.js";
import type { InferenceModel } from "../../../../trainers/engine/onnx/inference/inference.js";
import { adapterForm } from "../../../../trainers/engine/onnx/parameters/lora-adapter.js";
import { picturesOf } from "../../../../trainers/engine/onnx/vision/pictures.js";
import { openCheckpoint, readTensors } from "../../../../trainers/model/checkpoint.js";
import { openAdapter } from "../../../../trainers/model/peft.js";

/** A model directory, and an adapter's if given, as inference reads it. */
export function openForInference(directory: string, adapterDirectory?: string): InferenceModel {
  const checkpoint = openCheckpoint(directory, architectures);
  const adapter = adapterDirectory === undefined ? undefined : openAdapter(adapterDirectory);
  const tensors = [...readTensors(checkpoint), ...(adapter?.tensors ?? [])];
  return {
    architecture: checkpoint.architecture,
    config: checkpoint.config,
    tensors: Object.fromEntries(tensors.map(({ name, shape, values }) => [name, floats(values, shape)])),
    lora: adapter && adapterForm(adapter.options),
    pictures: picturesOf(checkpoint.config, singleThread),
    session: singleThread,
    spend: () => {},
  };
}
