import type { EngineRequest, InputMoments } from "../../contract.js";
import type { Decoder } from "../decoder/decoder.js";
import { packedBatch, packedForward } from "../decoder/packed-forward.js";
import type { Value } from "../graph/graph.js";
import { type InferenceModel, runPacked } from "./inference.js";

/** Output: for each linear module its Σ |output| over the rows, [out]. */
function activationGraph(decoder: Decoder): void {
  const { graph } = decoder;
  decoder.watch = (path, _, output) => {
    const magnitudes = graph.node("Abs", [output], output.shape);
    const axes = graph.constant([0], [1], "int64");
    graph.output(path, graph.node("ReduceSum", [magnitudes, axes], [output.shape[1]!], { keepdims: 0 }));
  };
  packedForward(decoder);
}

/** Between the paths of modules in the name of an output. */
const separator = " ";

/** Output: for each input of the linear modules, named by the modules that read it, Σ x·xᵀ over its rows x, [in, in]. */
const momentGraph = (modules: readonly string[]) => (decoder: Decoder) => {
  const { graph } = decoder;
  const readers = new Map<Value, string[]>();
  decoder.watch = (path, input) => {
    if (!modules.includes(path.split(".").at(-1)!)) return;
    readers.set(input, [...(readers.get(input) ?? []), path]);
  };
  packedForward(decoder, true); // queries of the last layer, too, read what its keys read
  for (const [input, paths] of readers) {
    const width = input.shape[1]!;
    graph.output(paths.join(separator), graph.node("Gemm", [input, input], [width, width], { transA: 1 }));
  }
};

/** Σ |output| of every linear module over all tokens of the requests, by the module's path, [out] each. */
export function activations(model: InferenceModel, requests: readonly EngineRequest[]) {
  return summed(model, "activations", activationGraph, requests);
}

/** Σ x·xᵀ of the inputs of the linear modules of these names over all tokens of the requests. */
export async function inputMoments(
  model: InferenceModel,
  requests: readonly EngineRequest[],
  modules: readonly string[],
): Promise<InputMoments[]> {
  const name = `input-moments:${[...modules].sort().join()}`;
  const moments = await summed(model, name, momentGraph(modules), requests);
  const tokens = requests.reduce((count, own) => count + own.tokens.length, 0);
  for (const { length } of Object.values(moments)) model.spend(2 * tokens * length);
  return Object.entries(moments).map(([paths, own]) => ({ modules: paths.split(separator), moments: own }));
}

/** The outputs of a graph, summed over the requests. */
async function summed(
  model: InferenceModel,
  name: string,
  build: (decoder: Decoder) => void,
  requests: readonly EngineRequest[],
): Promise<Record<string, Float32Array>> {
  const sums: Record<string, Float32Array> = {};
  for (const { tokens, images } of requests) {
    const batch = packedBatch([{ tokens, images, positions: tokens.map((_, i) => i) }]); // alone, so that nothing is padded
    const outputs = await runPacked(model, name, build, batch);
    for (const [path, { data }] of Object.entries(outputs)) {
      const own = data as Float32Array;
      sums[path] ??= new Float32Array(own.length);
      const sum = sums[path];
      for (let i = 0; i < own.length; i++) sum[i]! += own[i]!; // not an iterator: these are matrices
    }
  }
  return sums;
}
