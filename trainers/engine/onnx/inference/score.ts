import type { EngineRequest } from "../../contract.js";
import { checkLength } from "../../requests.js";
import type { Decoder } from "../decoder/decoder.js";
import { packedBatch } from "../decoder/packed-forward.js";
import { integers } from "../graph/session.js";
import { batchesOf, widthStep } from "./batches.js";
import { embedGraph, scoreGraph } from "./graphs.js";
import { type InferenceModel, runPacked } from "./inference.js";

/** Padded tokens of a batch: bounds the memory of its activations and logits. */
const mostTokens = 4096;

/** A sequence, the positions of which something is wanted, and a label for each of them. */
interface Query {
  tokens: readonly number[];
  positions: readonly number[];
  labels: readonly number[];
  images: EngineRequest["images"];
}

/**
 * Σ log p of each continuation given its prompt, nats; 0 for an empty one. Logits are computed at its positions alone.
 * The same for any order and number of requests. Throws DATA_INVALID on an empty prompt and beyond the model's context.
 */
export async function score(
  model: InferenceModel,
  requests: readonly (EngineRequest & { continuation: readonly number[] })[],
): Promise<number[]> {
  const queries = requests.map(({ id, tokens, continuation, images }) => {
    checkLength(id, tokens.length, model.config.contextLength - continuation.length);
    return {
      tokens: [...tokens, ...continuation.slice(0, -1)],
      positions: continuation.map((_, i) => tokens.length - 1 + i),
      labels: continuation,
      images,
    };
  });
  const losses = await valuesAt(model, "nll", scoreGraph, queries);
  return losses.map((nll) => 0 - nll.reduce((sum, value) => sum + value, 0));
}

/** The mean over the tokens of the final hidden states (after the last norm), [hidden] each. */
export async function embed(model: InferenceModel, requests: readonly EngineRequest[]): Promise<Float32Array[]> {
  const queries = requests.map(({ id, tokens, images }) => {
    checkLength(id, tokens.length, model.config.contextLength);
    return { tokens, positions: tokens.map((_, i) => i), labels: [], images };
  });
  const { hidden: width } = model.config;
  const states = await valuesAt(model, "hidden", embedGraph, queries);
  return states.map((values, index) => {
    const sums = new Float64Array(width);
    for (let i = 0; i < values.length; i++) sums[i % width]! += values[i]!;
    return Float32Array.from(sums, (sum) => sum / requests[index]!.tokens.length);
  });
}

/** The values of a graph's output at each query's positions, in order. */
async function valuesAt(
  model: InferenceModel,
  output: string,
  build: (decoder: Decoder) => void,
  queries: readonly Query[],
): Promise<Float32Array[]> {
  const results = queries.map(() => new Float32Array());
  const asked = queries.flatMap(({ positions }, index) => (positions.length > 0 ? [index] : []));
  const lengths = asked.map((index) => queries[index]!.tokens.length);
  for (const batch of batchesOf(lengths, (width) => Math.floor(mostTokens / width))) {
    const indices = batch.indices.map((index) => asked[index]!);
    const packed = packedBatch(
      indices.map((index) => queries[index]!),
      widthStep,
    );
    const labels = new Int32Array(packed.selected.places.length);
    labels.set(indices.flatMap((index) => queries[index]!.labels));
    const outputs = await runPacked(model, output, build, packed, { labels: integers(labels) });
    const values = outputs[output]!.data as Float32Array;
    const perPosition = values.length / packed.selected.places.length;
    let start = 0;
    for (const index of indices) {
      const end = start + queries[index]!.positions.length * perPosition;
      results[index] = values.slice(start, end);
      start = end;
    }
  }
  return results;
}
