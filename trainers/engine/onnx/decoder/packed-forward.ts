import type { ImageFile } from "../../contract.js";
import type { Value } from "../graph/graph.js";
import { cast, gather, reshape } from "../graph/operators/index.js";
import { integers, type Tensor } from "../graph/session.js";
import { insertImages } from "../vision/insert.js";
import type { Decoder, Rotation } from "./decoder.js";
import { PackedLayout, type Packing, pack, packingFeeds } from "./packing.js";

/** What a packed forward pass computes. */
export interface PackedForward {
  /** Final hidden states after `model.norm` at the selected positions, [selected rows, hidden]. */
  readonly hidden: Value;
  /** Rotated keys and values of each layer, [sequences, keyValueHeads, token places, headDimension]. */
  readonly keys: readonly Value[];
  readonly values: readonly Value[];
  /**
   * Rotated and scaled queries of each layer and what they take from the values, [sequences, heads, token places,
   * headDimension]; those of the last layer at the selected positions alone, unless it is computed at all.
   */
  readonly queries: readonly Value[];
  readonly mixed: readonly Value[];
  /** 0, 1, … of the token places. */
  readonly positions: Value;
}

/**
 * The forward pass over packed sequences. The last layer computes queries, attention, feed-forward and norm only at the
 * selected positions, unless `whole`: nothing else is read from it. Inputs of the graph: `tokens`, those of the packing "token", those of
 * the packing "selected", and `selected`, the token row of each selected row; see `packedBatch`. With pictures also those
 * of `insertImages`.
 */
export function packedForward(decoder: Decoder, whole = false): PackedForward {
  const { graph, config } = decoder;
  const { heads, keyValueHeads, layers } = config;
  const tokens = new PackedLayout(graph, "token");
  const selected = new PackedLayout(graph, "selected");
  const ids = graph.input("tokens", [tokens.rows], "int32");
  const rows = graph.input("selected", [selected.rows], "int32");

  const positions = tokens.rowPositions();
  const ownPositions = gather(positions, rows);
  const [rotation, ownRotation] = [positions, ownPositions].map((own) => {
    return decoder.rotation(reshape(cast(own, graph.precision), [own.shape[0]!, 1]));
  }) as [Rotation, Rotation];
  const queryRotation = decoder.queryRotation(rotation);
  const selectedQueryRotation = decoder.queryRotation(ownRotation);
  const keyPositions = tokens.positions();
  const mask = decoder.causalMask(decoder.grouped(keyPositions), keyPositions);
  const queryPositions = reshape(gather(ownPositions, selected.slots), ["sequences", 1, selected.longest]);
  const selectedMask = decoder.causalMask(decoder.grouped(queryPositions), keyPositions);

  const keys: Value[] = [];
  const values: Value[] = [];
  const queries: Value[] = [];
  const mixed: Value[] = [];
  const attend = (to: PackedLayout, ownMask: Value) => (query: Value, key: Value, value: Value) => {
    const [ownKeys, ownValues] = [tokens.toHeads(key, keyValueHeads), tokens.toHeads(value, keyValueHeads)];
    keys.push(ownKeys);
    values.push(ownValues);
    queries.push(to.toHeads(query, heads));
    mixed.push(decoder.attendGrouped(queries.at(-1)!, ownKeys, ownValues, ownMask));
    return to.toRows(mixed.at(-1)!);
  };
  const pass = { queryRotation, keyRotation: rotation, attend: attend(tokens, mask) };
  const lastPass = {
    queryRotation: selectedQueryRotation,
    keyRotation: rotation,
    select: (x: Value) => gather(x, rows),
    attend: attend(selected, selectedMask),
  };
  const embedded = insertImages(decoder, decoder.embed(ids));
  const hidden = decoder.forward(embedded, (layer) => (layer === layers - 1 && !whole ? lastPass : pass));
  return { hidden: whole ? gather(hidden, rows) : hidden, keys, values, queries, mixed, positions: keyPositions };
}

/** Sequences with the positions whose hidden states are wanted, laid out for `packedForward`. */
export interface PackedBatch {
  readonly tokens: Packing;
  readonly selected: Packing;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Rows of `hidden` at a selected position, in order of sequence and position; one more may follow. */
  readonly selectedRows: number;
  /** Whether the last layer is computed at all positions too. */
  readonly whole?: boolean;
  /** The pictures of all sequences, in order. */
  readonly images: readonly ImageFile[];
}

/** `positions` are the selected positions of a sequence, ascending. For `placesMultiple` see `pack`. */
export function packedBatch(
  sequences: readonly { tokens: readonly number[]; positions: readonly number[]; images?: readonly ImageFile[] }[],
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
  return { tokens, selected, feeds, selectedRows, images: sequences.flatMap(({ images = [] }) => images) };
}
