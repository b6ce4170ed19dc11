import type { Value } from "./graph.js";
import type { Llama } from "./llama.js";
import { gather, reshape } from "./operators/index.js";
import { PackedLayout, type Packing, pack, packingFeeds } from "./packing.js";
import { floats, integers, type Tensor } from "./session.js";

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
 * the packing "selected", `selected` (the token row of each selected row) and `selected.positions`; see `packedFeeds`.
 */
export function packedForward(llama: Llama): PackedForward {
  const { graph, config } = llama;
  const { heads, keyValueHeads, layers } = config;
  const tokens = new PackedLayout(graph, "token");
  const selected = new PackedLayout(graph, "selected");
  const ids = graph.input("tokens", [tokens.rows], "int32");
  const rows = graph.input("selected", [selected.rows], "int32");
  const positions = graph.input("selected.positions", ["sequences", selected.longest]);

  const keyPositions = tokens.positions();
  const keyRotation = llama.rotation(keyPositions);
  const queryRotation = llama.queryRotation(keyRotation);
  const mask = llama.causalMask(llama.grouped(keyPositions), keyPositions);
  const lastRotation = llama.queryRotation(llama.rotation(reshape(positions, ["sequences", 1, selected.longest])));
  const lastPositions = llama.grouped(reshape(positions, ["sequences", 1, selected.longest]));
  const lastMask = llama.causalMask(lastPositions, keyPositions);

  const keys: Value[] = [];
  const values: Value[] = [];
  let x = llama.embed(ids);
  for (let layer = 0; layer < layers; layer++) {
    const last = layer === layers - 1;
    const attend = (normalised: Value): Value => {
      const own = last ? gather(normalised, rows) : normalised;
      const places = last ? selected : tokens;
      const query = places.toHeads(llama.project(layer, "q_proj", own), heads);
      const key = tokens.toHeads(llama.project(layer, "k_proj", normalised), keyValueHeads);
      keys.push(llama.rotate(key, keyRotation));
      values.push(tokens.toHeads(llama.project(layer, "v_proj", normalised), keyValueHeads));
      const rotated = llama.rotate(query, last ? lastRotation : queryRotation);
      return places.toRows(llama.attention(rotated, keys[layer]!, values[layer]!, last ? lastMask : mask));
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
  const positions = new Float32Array(selected.slots.length);
  let row = 0;
  let selectedRows = 0;
  sequences.forEach((sequence, index) => {
    sequence.positions.forEach((position, i) => {
      rows[selectedRows++] = row + position;
      positions[index * selected.longest + i] = position;
    });
    ids.set(sequence.tokens, row);
    row += sequence.tokens.length;
  });
  const feeds = {
    ...packingFeeds("token", tokens),
    ...packingFeeds("selected", selected),
    tokens: integers(ids),
    selected: integers(rows),
    "selected.positions": floats(positions, [selected.sequences, selected.longest]),
  };
  return { tokens, selected, feeds, selectedRows };
}
