import type { EngineRequest } from "../../contract.js";
import type { Decoder } from "../decoder/decoder.js";
import { packedBatch, packedForward } from "../decoder/packed-forward.js";
import { type InferenceModel, runPacked } from "./inference.js";

/** Output: for each linear module its Σ |output| over the rows, [out]. */
function activationGraph(decoder: Decoder): void {
  const { graph } = decoder;
  decoder.watch = (path, output) => {
    const magnitudes = graph.node("Abs", [output], output.shape);
    const axes = graph.constant([0], [1], "int64");
    graph.output(path, graph.node("ReduceSum", [magnitudes, axes], [output.shape[1]!], { keepdims: 0 }));
  };
  packedForward(decoder);
}

/** Σ |output| of every linear module over all tokens of the requests, by the module's path, [out] each. */
export async function activations(
  model: InferenceModel,
  requests: readonly EngineRequest[],
): Promise<Record<string, Float32Array>> {
  const sums: Record<string, Float32Array> = {};
  for (const { tokens, images } of requests) {
    const batch = packedBatch([{ tokens, images, positions: tokens.map((_, i) => i) }]); // alone, so that nothing is padded
    const outputs = await runPacked(model, "activations", activationGraph, batch);
    for (const [path, { data }] of Object.entries(outputs)) {
      sums[path] ??= new Float32Array(data.length);
      for (const [i, value] of (data as Float32Array).entries()) sums[path][i]! += value;
    }
  }
  return sums;
}
