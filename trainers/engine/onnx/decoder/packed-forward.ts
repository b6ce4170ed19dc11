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
  /** Rotated keys and values of each layer, [sequences, keyValueHeads, places of keys, headDimension]. */
  readonly keys: readonly Value[];
  readonly values: readonly Value[];
  /**
   * Rotated and scaled queries of each layer and what they take from the values, [sequences, heads, token places,
   * headDimension]; those of the last layer at the selected positions alone, unless it is computed at all.
   */
  readonly queries: readonly Value[];
  readonly mixed: readonly Value[];
  /** 0, 1, … of the places of keys. */
  readonly positions: Value;
}

/** What the tokens of packed sequences attend to. */
export interface Reach {
  /** The position of each token row. */
  readonly positions: Value;
  /** 0, 1, … of the places of keys. */
  readonly keyPositions: Value;
  /** As `Decoder.attendGrouped` takes it, for the places of tokens. */
  readonly mask: Value;
  /** A layer's keys, rotated, or values of the token rows → [sequences, keyValueHeads, places of keys, headDimension]. */
  keys(layer: number, rows: Value): Value;
  values(layer: number, rows: Value): Value;
}

/** To their own sequence, of which nothing was computed before. */
function ownSequences(decoder: Decoder, tokens: PackedLayout): Reach {
  const keyPositions = tokens.positions();
  const toHeads = (_layer: number, rows: Value) => tokens.toHeads(rows, decoder.config.keyValueHeads);
  return {
    positions: tokens.rowPositions(),
    keyPositions,
    mask: decoder.causalMask(decoder.grouped(keyPositions), keyPositions),
    keys: toHeads,
    values: toHeads,
  };
}

/**
 * The forward pass over packed sequences. The last layer computes queries, attention, feed-forward and norm only at the
 * selected positions, unless `whole`: nothing else is read from it. Inputs of the graph: `tokens`, those of the packing "token", those of
 * the packing "selected", and `selected`, the token row of each selected row; see `packedBatch`. With pictures also those
 * of `insertImages`.
 *
 * @param reachOf what tokens attend to.
 */
export function packedForward(decoder: Decoder, whole = false, reachOf = ownSequences): PackedForward {
  const { graph, config } = decoder;
  const { heads, layers } = config;
  const tokens = new PackedLayout(graph, "token");
  const selected = new PackedLayout(graph, "selected");
  const ids = graph.input("tokens", [tokens.rows], "int32");
  const rows = graph.input("selected", [selected.rows], "int32");

  const reach = reachOf(decoder, tokens);
  const { positions, keyPositions } = reach;
  const ownPositions = gather(positions, rows);
  const [rotation, ownRotation] = [positions, ownPositions].map((own) => {
    return decoder.rotation(reshape(cast(own, graph.precision), [own.shape[0]!, 1]));
  }) as [Rotation, Rotation];
  const queryRotation = decoder.queryRotation(rotation);
  const selectedQueryRotation = decoder.queryRotation(ownRotation);
  const queryPositions = reshape(gather(ownPositions, selected.slots), ["sequences", 1, selected.longest]);
  const selectedMask = decoder.causalMask(decoder.grouped(queryPositions), keyPositions);

  const keys: Value[] = [];
  const values: Value[] = [];
  const queries: Value[] = [];
  const mixed: Value[] = [];
  const attend = (to: PackedLayout, ownMask: Value) => (query: Value, key: Value, value: Value) => {
    const layer = keys.length;
    const [ownKeys, ownValues] = [reach.keys(layer, key), reach.values(layer, value)];
    keys.push(ownKeys);
    values.push(ownValues);
    queries.push(to.toHeads(query, heads));
    mixed.push(decoder.attendGrouped(queries.at(-1)!, ownKeys, ownValues, ownMask));
    return to.toRows(mixed.at(-1)!);
  };
  const pass = { queryRotation, keyRotation: rotation, attend: attend(tokens, reach.mask) };
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
  /** Places of keys of a sequence, where it is not those of its own tokens. */
  readonly reach?: number;
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
