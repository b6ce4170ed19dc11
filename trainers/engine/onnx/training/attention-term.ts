import { BenchError } from "../../../../harness/contract/errors.js";
import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { Term } from "../../contract.js";
import { attentionScoreFeeds, attentionScores, type ScoredHead } from "../decoder/attention-scores.js";
import type { Decoder } from "../decoder/decoder.js";
import type { PackedForward } from "../decoder/packed-forward.js";
import type { Packing } from "../decoder/packing.js";
import type { Value } from "../graph/graph.js";
import { add, distillation, multiply, reshape, total } from "../graph/operators/index.js";
import { type Feeds, floats } from "../graph/session.js";

/** A term over the attention probabilities of texts. */
export type AttentionTerm = Extract<Term, { kind: "attention-distillation" }>;

export function isAttentionTerm(term: Term): term is AttentionTerm {
  return term.kind === "attention-distillation";
}

const prefixOf = (i: number, layer: number) => `attention.${i}.${layer}`;

/**
 * The weighted value of the i-th such term, a scalar. All layers are part of the graph, so that the same one serves
 * whatever heads are chosen. Inputs: for each layer those of `attentionScores`, `<prefix>.teacher` [rows, token places], the
 * logarithms of the teacher's probabilities, and `<prefix>.shares` [rows], a row a pair and query; `attention.i.weight` [1].
 * Output: `attention.i`, the unweighted value.
 */
export function attentionTerm(decoder: Decoder, i: number, forward: PackedForward): Value {
  const { graph } = decoder;
  const longest = forward.positions.shape[0]!;
  const ofLayers = forward.queries.map((_, layer) => {
    const prefix = prefixOf(i, layer);
    const rows = `rows of ${prefix}`;
    const teacher = graph.input(`${prefix}.teacher`, [rows, longest]);
    const shares = graph.input(`${prefix}.shares`, [rows]);
    const scores = reshape(attentionScores(decoder, forward, layer, prefix), [rows, longest]);
    return total(multiply(distillation(scores, teacher, graph.constant([1])), shares));
  });
  const value = ofLayers.reduce(add);
  graph.output(`attention.${i}`, value);
  return multiply(value, reshape(graph.input(`attention.${i}.weight`, [1]), []));
}

/** What stands for the logarithm of 0. */
const none = -1e9;

/** A head whose attention is asked for, with its teacher's and the share of each of its rows in the term. */
interface TaughtHead extends ScoredHead {
  readonly rows: Float32Array;
  readonly keys: number;
  readonly share: number;
}

/**
 * What `attentionTerm` reads, and the multiplications that its scores take; `places` are those of the texts in the packing.
 *
 * @throws INTERNAL where a teacher does not fit its text.
 */
export function attentionTermFeeds(
  terms: readonly { term: AttentionTerm; places: readonly (number | undefined)[] }[],
  config: DecoderConfig,
  { longest }: Packing,
): { feeds: Feeds; products: number } {
  const feeds: Record<string, Feeds[string]> = {};
  let products = 0;
  for (const [i, { term, places }] of terms.entries()) {
    const taught = taughtHeads(term, places, config, longest);
    for (const [layer, own] of taught.entries()) {
      const prefix = prefixOf(i, layer);
      const chosen = own.length > 0 ? own : [nobody];
      const { feeds: scored, width } = attentionScoreFeeds(prefix, chosen, config, longest);
      const teacher = new Float32Array(chosen.length * width * longest).fill(none);
      const shares = new Float32Array(chosen.length * width);
      for (const [pair, { queries, rows, keys, share }] of chosen.entries()) {
        for (const query of queries.keys()) {
          const row = pair * width + query;
          shares[row] = share;
          for (let key = 0; key < Math.min(keys, longest); key++) {
            const value = rows[query * keys + key]!;
            if (value > 0) teacher[row * longest + key] = Math.log(value);
          }
        }
      }
      Object.assign(feeds, scored);
      feeds[`${prefix}.teacher`] = floats(teacher, [shares.length, longest]);
      feeds[`${prefix}.shares`] = floats(shares);
      products += own.length * width * longest * config.headDimension;
    }
    feeds[`attention.${i}.weight`] = floats([term.weight]);
  }
  return { feeds, products };
}

/** Keeps a layer of which no head was chosen in the graph. */
const nobody: TaughtHead = { sequence: 0, head: 0, queries: [0], rows: new Float32Array(1), keys: 1, share: 0 };

/** The chosen heads of each layer, of all texts. */
function taughtHeads(
  { teacher }: AttentionTerm,
  places: readonly (number | undefined)[],
  { layers, heads: most }: DecoderConfig,
  longest: number,
): TaughtHead[][] {
  const found: TaughtHead[][] = Array.from({ length: layers }, () => []);
  const entering = places.filter((place) => place !== undefined).length;
  for (const [text, sequence] of places.entries()) {
    if (sequence === undefined) continue;
    const { heads, queries, keys, values } = teacher[text]!;
    const size = queries.length * keys;
    const outside = heads.some(({ layer, head }) => layer >= layers || head >= most);
    if (outside || values.length !== heads.length * size || queries.some((query) => query >= Math.min(keys, longest))) {
      throw new BenchError("INTERNAL", `The attention for text ${text} does not fit it.`);
    }
    const counts = new Map<number, number>();
    for (const { layer } of heads) counts.set(layer, (counts.get(layer) ?? 0) + 1);
    for (const [i, { layer, head }] of heads.entries()) {
      const share = 1 / (entering * counts.size * counts.get(layer)! * queries.length);
      found[layer]!.push({ sequence, head, queries, rows: values.subarray(i * size, (i + 1) * size), keys, share });
    }
  }
  return found;
}
