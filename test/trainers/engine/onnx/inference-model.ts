import { architectures } from "../../../../trainers/engine/onnx/architectures/index.js";
import { type PackedBatch, packedForward } from "../../../../trainers/engine/onnx/decoder/packed-forward.js";
import { floats, singleThread } from "../../../../trainers/engine/onnx/graph/session.js";
import { type InferenceModel, runPacked } from "../../../../trainers/engine/onnx/inference/inference.js";
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

/** The full forward pass: logits at the selected positions, [selected rows, vocabulary]. */
export async function logitsOf(model: InferenceModel, batch: PackedBatch): Promise<Float32Array> {
  const outputs = await runPacked(
    model,
    "logits",
    (decoder) => decoder.graph.output("logits", decoder.logits(packedForward(decoder).hidden)),
    batch,
  );
  return outputs.logits!.data as Float32Array;
}
