import type { TrainingSequence } from "../../contract.js";
import type { Decoder } from "../decoder/decoder.js";
import { evaluationFlops, trainingFlops } from "../decoder/flops.js";
import { packedForward } from "../decoder/packed-forward.js";
import { differentiate } from "../graph/differentiate.js";
import { crossEntropy, matmul, multiply, reshape, sum, swap, total } from "../graph/operators/index.js";
import type { InferenceModel } from "../inference/inference.js";
import { runPacked } from "../inference/inference.js";
import { trainingBatch } from "./batch.js";
import type { TrainableDecoder } from "./trainable-decoder.js";

const nameOf = (layer: number) => `sensitivity.${layer}`;

/**
 * Output: for each layer `sensitivity.<layer>` [heads], the sum of the squared gradients of attention probabilities. What
 * attention gives is o = P·v, so ∂/∂P is ∂/∂o·vᵀ.
 */
function sensitivityGraph(decoder: Decoder): void {
  const { graph } = decoder;
  const { heads, keyValueHeads, headDimension } = decoder.config;
  const { hidden, values, mixed, positions } = packedForward(decoder, true);
  const rows = hidden.shape[0]!;
  const nll = crossEntropy(decoder.logits(hidden), graph.input("labels", [rows], "int32"));
  const objective = total(multiply(nll, graph.input("seeds", [rows])));
  const grouped = decoder.grouped(positions);
  const mask = decoder.causalMask(grouped, positions);
  const longest = positions.shape[0]!;
  const given = mixed.map((value) => graph.unshaped.get(value) ?? value); // what goes on passes a reshape by
  for (const [layer, gradient] of differentiate(objective, given).entries()) {
    const own = reshape(gradient, ["sequences", keyValueHeads, grouped.shape[0]!, headDimension]);
    const ofProbabilities = multiply(matmul(own, swap(values[layer]!)), mask);
    const squares = reshape(multiply(ofProbabilities, ofProbabilities), ["sequences", heads, longest, longest]);
    graph.output(nameOf(layer), reshape(sum(squares, [0, 2, 3]), [heads]));
  }
}

/** See `OptionalMembers.headSensitivity`. `inference` is of the same model. */
export async function headSensitivity(
  model: TrainableDecoder,
  inference: InferenceModel,
  examples: readonly TrainingSequence[],
): Promise<Float32Array[]> {
  const { layers, heads } = model.config;
  const sums = Array.from({ length: layers }, () => new Float32Array(heads));
  for (const example of examples) {
    const { packed, feeds, tokens } = trainingBatch(model.config, [
      { kind: "language-modeling", batch: [example], weight: 1 },
    ]);
    const batch = { ...packed, whole: true };
    const outputs = await runPacked(inference, "head-sensitivity", sensitivityGraph, batch, feeds);
    const { longest: length } = packed.tokens;
    const counted = evaluationFlops(model.config, batch); // by `runPacked`
    model.spend(trainingFlops(model.config, batch, model.frozen) - counted);
    model.trainedTokens += tokens;
    for (const [layer, own] of sums.entries()) {
      const squares = outputs[nameOf(layer)]!.data as Float32Array;
      const count = (examples.length * length * (length + 1)) / 2;
      for (const [head, value] of squares.entries()) own[head]! += value / count;
    }
  }
  return sums;
}
