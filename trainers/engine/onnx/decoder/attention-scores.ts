import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { Value } from "../graph/graph.js";
import { add, gather, matmul, reshape, swap } from "../graph/operators/index.js";
import { type Feeds, integers } from "../graph/session.js";
import type { Decoder } from "./decoder.js";
import type { PackedForward } from "./packed-forward.js";

/** A head of a packed sequence, and the positions of the tokens whose attention is asked for. */
export interface ScoredHead {
  readonly sequence: number;
  readonly head: number;
  readonly queries: readonly number[];
}

/**
 * Scores of a layer's attention (before the softmax; those behind the query are about −10⁹) of chosen heads and queries
 * of a whole packed forward pass, [pairs, queries, token places]. Inputs: `<prefix>.queries` [pairs, queries], each the
 * place of a query among those of all heads and sequences; `<prefix>.keys` [pairs], the place of each pair's head of keys.
 */
export function attentionScores(decoder: Decoder, forward: PackedForward, layer: number, prefix: string): Value {
  const { graph } = decoder;
  const { headDimension } = decoder.config;
  const pairs = `pairs of ${prefix}`;
  const count = `queries of ${prefix}`;
  const places = graph.input(`${prefix}.queries`, [pairs, count], "int32");
  const keyHeads = graph.input(`${prefix}.keys`, [pairs], "int32");
  const { positions } = forward;
  const longest = positions.shape[0]!;
  const queries = gather(reshape(forward.queries[layer]!, [`places of ${prefix}`, headDimension]), places);
  const keys = gather(reshape(forward.keys[layer]!, [`heads of ${prefix}`, longest, headDimension]), keyHeads);
  const scores = matmul(queries, swap(keys));
  const size = graph.node("Cast", [graph.size(longest as string)], [1], { to: 6 }, "int32");
  const visible = decoder.causalMask(graph.node("Mod", [places, size], places.shape), positions);
  const barred = graph.node("Sub", [visible, graph.scalar(1)], visible.shape);
  return add(scores, graph.node("Mul", [barred, graph.scalar(1e9)], visible.shape));
}

/**
 * What `attentionScores` reads for pairs, of which there is at least one; those with fewer queries repeat their first.
 *
 * @param longest places of a sequence.
 * @returns the feeds, and how many queries each pair has in them.
 */
export function attentionScoreFeeds(
  prefix: string,
  chosen: readonly ScoredHead[],
  { heads, keyValueHeads }: DecoderConfig,
  longest: number,
): { feeds: Feeds; width: number } {
  const width = Math.max(...chosen.map(({ queries }) => queries.length));
  const places = chosen.flatMap(({ sequence, head, queries }) =>
    Array.from({ length: width }, (_, i) => (sequence * heads + head) * longest + (queries[i] ?? queries[0]!)),
  );
  const group = heads / keyValueHeads;
  const keys = chosen.map(({ sequence, head }) => sequence * keyValueHeads + Math.floor(head / group));
  const feeds = {
    [`${prefix}.queries`]: integers(places, [chosen.length, width]),
    [`${prefix}.keys`]: integers(keys),
  };
  return { feeds, width };
}
