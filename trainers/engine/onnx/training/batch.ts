import { BenchError } from "../../../../harness/contract/errors.js";
import type { DecoderConfig } from "../../../model/decoder-config.js";
import type { TrainingSequence } from "../../contract.js";
import type { TextTerm } from "../../parts.js";
import { type PackedBatch, packedBatch } from "../decoder/packed-forward.js";
import { floats, integers, type Tensor } from "../graph/session.js";
import { type AttentionTerm, attentionTermFeeds, isAttentionTerm } from "./attention-term.js";
import { type RowTerm, rowTermFeeds } from "./row-terms.js";

/** The terms of an objective over texts as one batch: a row a predicted token, with its share in each term's mean. */
export interface TrainingBatch {
  readonly packed: PackedBatch;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Rows of each term, [start, end), with the weight of each row in the term's mean. */
  readonly terms: readonly LaidOut[];
  /** Multiplications with addition that the scores of `attention-distillation` take in addition. */
  readonly scoreProducts: number;
  /** Tokens of all sequences, those that nothing is predicted from included. */
  readonly tokens: number;
}

/** Where the texts of a batch went: their rows, and the place of each text among all that enter, where it does. */
export interface LaidOut {
  start: number;
  weights: Float64Array;
  places: (number | undefined)[];
}

/**
 * Lays out a batch. The loss of token i is read from the hidden state at i − 1, so a sequence enters up to the token
 * before its last weighted one. Terms that name the same batch share its rows. `labels` replaces the tokens to predict,
 * a row each.
 */
export function trainingBatch(config: DecoderConfig, terms: readonly TextTerm[], labels?: Int32Array): TrainingBatch {
  const sequences: Parameters<typeof packedBatch>[0][number][] = [];
  const targets: number[] = [];
  let tokens = 0;
  const laidOut = new Map<TextTerm["batch"], LaidOut>();
  const layOut = (batch: TextTerm["batch"]) => {
    const start = targets.length;
    const weights: number[] = [];
    const places: LaidOut["places"] = [];
    for (const sequence of batch) {
      tokens += sequence.tokens.length;
      const positions = predictedFrom(sequence);
      places.push(positions.length === 0 ? undefined : sequences.length);
      if (positions.length === 0) continue;
      const { images } = sequence;
      sequences.push({ tokens: sequence.tokens.slice(0, positions.at(-1)! + 1), positions, images });
      for (const position of positions) {
        targets.push(sequence.tokens[position + 1]!);
        weights.push(sequence.weights[position + 1]!);
      }
    }
    const sum = weights.reduce((a, b) => a + b, 0);
    if (weights.length === 0) throw new BenchError("INTERNAL", "A batch has no token with a weight above zero.");
    return { start, weights: Float64Array.from(weights, (own) => own / sum), places };
  };
  const rows = terms.map(({ batch }) => {
    const known = laidOut.get(batch) ?? layOut(batch);
    laidOut.set(batch, known);
    return known;
  });
  const seeds = new Float64Array(targets.length);
  const others: { term: RowTerm; start: number; weights: Float64Array }[] = [];
  const attention: { term: AttentionTerm; places: LaidOut["places"] }[] = [];
  for (const [i, term] of terms.entries()) {
    const { start, weights, places } = rows[i]!;
    if (isAttentionTerm(term)) attention.push({ term, places });
    else if (term.kind !== "language-modeling") others.push({ term, start, weights });
    else for (const [row, own] of weights.entries()) seeds[start + row]! += own * term.weight;
  }
  const packed = { ...packedBatch(sequences), whole: attention.length > 0 };
  const scores = attentionTermFeeds(attention, config, packed.tokens);
  const count = packed.selected.places.length;
  const padded = <T extends Int32Array | Float32Array>(values: T, given: ArrayLike<number>): T => {
    values.set(given);
    return values;
  };
  const feeds = {
    ...packed.feeds,
    labels: integers(padded(new Int32Array(count), labels ?? targets)),
    seeds: floats(padded(new Float32Array(count), seeds)),
    ...rowTermFeeds(others, labels ?? targets),
    ...scores.feeds,
  };
  return { packed, feeds, terms: rows, tokens, scoreProducts: scores.products };
}

function predictedFrom({ weights }: TrainingSequence): number[] {
  const positions: number[] = [];
  for (let i = 1; i < weights.length; i++) if (weights[i]! > 0) positions.push(i - 1);
  return positions;
}
