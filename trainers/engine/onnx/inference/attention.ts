import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { Attention, EngineRequest } from "../../contract.js";
import { checkLength } from "../../requests.js";
import { attentionScoreFeeds, attentionScores } from "../decoder/attention-scores.js";
import type { Decoder } from "../decoder/decoder.js";
import { packedBatch, packedForward } from "../decoder/packed-forward.js";
import { type InferenceModel, runPacked } from "./inference.js";

const nameOf = (layer: number) => `attention.${layer}`;

/** Output: for each layer `attention.<layer>`, probabilities [heads, queries, token places]. */
function attentionGraph(decoder: Decoder): void {
  const { graph } = decoder;
  const forward = packedForward(decoder, true);
  for (const layer of forward.queries.keys()) {
    const scores = attentionScores(decoder, forward, layer, nameOf(layer));
    graph.output(nameOf(layer), graph.node("Softmax", [scores], scores.shape, { axis: -1 }));
  }
}

/** The attention probabilities of all heads for the tokens at `queries`. Throws DATA_INVALID beyond the model's context. */
export async function attention(
  model: InferenceModel,
  requests: readonly (EngineRequest & { queries: readonly number[] })[],
): Promise<Attention[]> {
  const found: Attention[] = [];
  const { config } = model;
  for (const { id, tokens, images, queries } of requests) {
    checkLength(id, tokens.length, config.contextLength);
    const batch = packedBatch([{ tokens, images, positions: [tokens.length - 1] }]); // alone, so that nothing is padded
    const { longest } = batch.tokens;
    const all = Array.from({ length: config.heads }, (_, head) => ({ sequence: 0, head, queries }));
    const layers = [...Array(config.layers).keys()];
    const feeds = layers.map((layer) => attentionScoreFeeds(nameOf(layer), all, config, longest).feeds);
    const outputs = await runPacked(
      model,
      "attention",
      attentionGraph,
      { ...batch, whole: true },
      Object.assign({}, ...feeds),
    );
    const values = new Float32Array(config.layers * config.heads * queries.length * longest);
    for (const layer of layers) {
      const own = outputs[nameOf(layer)]!.data as Float32Array;
      values.set(own, layer * own.length);
    }
    found.push({ heads: headsOf(config), queries, keys: longest, values });
  }
  return found;
}

function headsOf({ layers, heads }: DecoderConfig): Attention["heads"] {
  return Array.from({ length: layers * heads }, (_, i) => ({ layer: Math.floor(i / heads), head: i % heads }));
}
