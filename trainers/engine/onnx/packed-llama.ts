import type { Value } from "./graph.js";
import type { Llama, Rotation } from "./llama.js";
import { cast, gather, reshape } from "./operators/index.js";
import { PackedLayout, type Packing, pack, packingFeeds } from "./packing.js";
import { integers, type Tensor } from "./session.js";

/** What a packed forward pass computes. */
export interface PackedForward {
  /** Final hidden states after `model.norm` at the selected positions, [selected rows, hidden]. */
  readonly hidden: Value;
  /** Rotated keys and values of each layer, [sequences, keyValueHeads, token places, headDimension]. */
  readonly keys: readonly Value[];
  readonly values: readonly Value[];
}

/**
 * The forward pass over packed sequences. The last layer computes queries, attention, feed-forward and norm only at the
 * selected positions: nothing else is read from it. Inputs of the graph: `tokens`, those of the packing "token", those of
 * the packing "selected", and `selected`, the token row of each selected row; see `packedBatch`.
 */
export function packedForward(llama: Llama): PackedForward {
  const { graph, config } = llama;
  const { heads, keyValueHeads, layers } = config;
  const tokens = new PackedLayout(graph, "token");
  const selected = new PackedLayout(graph, "selected");
  const ids = graph.input("tokens", [tokens.rows], "int32");
  const rows = graph.input("selected", [selected.rows], "int32");

  const positions = tokens.rowPositions();
  const ownPositions = gather(positions, rows);
  const [rotation, ownRotation] = [positions, ownPositions].map((own) => {
    return llama.rotation(reshape(cast(own, graph.precision), [own.shape[0]!, 1]));
  }) as [Rotation, Rotation];
  const queryRotation = llama.queryRotation(rotation);
  const ownQueryRotation = llama.queryRotation(ownRotation);
  const keyPositions = tokens.positions();
  const mask = llama.causalMask(llama.grouped(keyPositions), keyPositions);
  const queryPositions = reshape(gather(ownPositions, selected.slots), ["sequences", 1, selected.longest]);
  const ownMask = llama.causalMask(llama.grouped(queryPositions), keyPositions);

  const keys: Value[] = [];
  const values: Value[] = [];
  let x = llama.embed(ids);
  for (let layer = 0; layer < layers; layer++) {
    const last = layer === layers - 1;
    const attend = (normalized: Value): Value => {
      const own = last ? gather(normalized, rows) : normalized;
      const places = last ? selected : tokens;
      const query = llama.project(layer, "q_proj", own);
      const key = llama.project(layer, "k_proj", normalized);
      const value = llama.project(layer, "v_proj", normalized);
      const rotated = llama.rotate(query, last ? ownQueryRotation : queryRotation);
      keys.push(tokens.toHeads(llama.rotate(key, rotation), keyValueHeads));
      values.push(tokens.toHeads(value, keyValueHeads));
      const queries = places.toHeads(rotated, heads);
      return places.toRows(llama.attention(queries, keys[layer]!, values[layer]!, last ? ownMask : mask));
    };
    x = llama.layer(layer, x, attend, last ? gather(x, rows) : x);
  }
  return { hidden: llama.norm("model.norm", x), keys, values };
}

/** Sequences with the positions whose hidden states are wanted, laid out for `packedForward`. */
export interface PackedBatch {
  readonly tokens: Packing;
  readonly selected: Packing;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Rows of `hidden` that stand for a selected position, in order of sequence and position; one more may follow. */
  readonly selectedRows: number;
}

/** `positions` are the selected positions of a sequence, ascending. For `placesMultiple` see `pack`. */
export function packedBatch(
  sequences: readonly { tokens: readonly number[]; positions: readonly number[] }[],
  placesMultiple = 1,
): PackedBatch {
  const tokens = pack(
    sequences.map((sequence) => sequence.tokens.length),
    placesMultiple,
  );
  const selected = pack(sequences.map((sequence) => sequence.positions.length));
  const ids = new Int32Array(tokens.places.length);
  const rows = new Int32Array(selected.places.length);
  let row = 0;
  let selectedRows = 0;
  for (const sequence of sequences) {
    for (const position of sequence.positions) rows[selectedRows++] = row + position;
    ids.set(sequence.tokens, row);
    row += sequence.tokens.length;
  }
  const feeds = {
    ...packingFeeds("token", tokens),
    ...packingFeeds("selected", selected),
    tokens: integers(ids),
    selected: integers(rows),
  };
  return { tokens, selected, feeds, selectedRows };
}
