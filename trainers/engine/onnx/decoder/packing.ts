import type { Graph, Value } from "../graph/graph.js";
import { cast, rearrange, reshape } from "../graph/operators/index.js";
import { integers, type Tensor } from "../graph/session.js";

/**
 * Sequences without padding: their tokens are concatenated as rows, and all layers but attention work on rows.
 * Attention works on places [sequences, longest], right-padded. Where some sequence is shorter than the longest, one
 * more row represents all padded places; no real row attends to it, so its gradient is zero.
 */
export interface Packing {
  readonly sequences: number;
  readonly longest: number;
  /** The row of each place, [sequences, longest]. */
  readonly slots: Int32Array;
  /** The place (sequence · longest + position) of each row. */
  readonly places: Int32Array;
}

/**
 * Packs sequences of these lengths. There are never fewer than two rows nor two places: products of one row round
 * differently. So does a softmax over another number of places; where bits must not depend on a sequence's company, ask
 * for a multiple of 16 (`placesMultiple`), behind which zeros change no sum.
 */
export function pack(lengths: readonly number[], placesMultiple = 1): Packing {
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const longest = Math.ceil(Math.max(...lengths, 2) / placesMultiple) * placesMultiple;
  const slots = new Int32Array(lengths.length * longest).fill(rows);
  const places = new Int32Array(rows < slots.length ? rows + 1 : rows);
  let row = 0;
  let padding: number | undefined;
  lengths.forEach((length, sequence) => {
    const start = sequence * longest;
    for (let position = 0; position < length; position++) {
      slots[start + position] = row;
      places[row] = start + position;
      row++;
    }
    if (length < longest) padding ??= start + length;
  });
  if (padding !== undefined) places[rows] = padding;
  return { sequences: lengths.length, longest, slots, places };
}

/** The graph's inputs of a packing; `prefix` distinguishes two packings of one graph. */
export function packingFeeds(prefix: string, packing: Packing): Record<string, Tensor> {
  return {
    [`${prefix}.slots`]: integers(packing.slots, [packing.sequences, packing.longest]),
    [`${prefix}.places`]: integers(packing.places),
  };
}

/** Moves values between rows [rows, heads · d] and attention's layout [sequences, heads, places, d]. */
export class PackedLayout {
  readonly slots: Value;
  readonly places: Value;
  private readonly indices = new Map<number, { toHeads: Value; toRows: Value }>();

  constructor(
    private readonly graph: Graph,
    readonly prefix: string,
    readonly rows = `${prefix} rows`,
    readonly longest = `${prefix} places`,
  ) {
    this.slots = graph.input(`${prefix}.slots`, ["sequences", longest], "int32");
    this.places = graph.input(`${prefix}.places`, [rows], "int32");
  }

  /** From rows, [rows, heads · d] or [rows, heads, d]. */
  toHeads(x: Value, heads: number): Value {
    const { toHeads, toRows } = this.indicesFor(heads);
    const width = x.rank === 3 ? (x.shape[2] as number) : (x.shape[1] as number) / heads;
    return rearrange(reshape(x, [`${this.prefix} rows of ${heads} heads`, width]), toHeads, toRows);
  }

  toRows(x: Value): Value {
    const heads = x.shape[1] as number;
    const width = x.shape[3] as number;
    const { toHeads, toRows } = this.indicesFor(heads);
    const rows = rearrange(reshape(x, [`${this.prefix} places of ${heads} heads`, width]), toRows, toHeads);
    return reshape(rows, [this.rows, heads * width]);
  }

  /** The position of each place in its sequence: 0, 1, … longest − 1. */
  positions(): Value {
    const { graph } = this;
    const limit = reshape(this.size(), []);
    return graph.node("Range", [graph.scalar(0, "int32"), limit, graph.scalar(1, "int32")], [this.longest]);
  }

  /** The position of each row in its sequence. */
  rowPositions(): Value {
    return this.graph.node("Mod", [this.places, this.size()], [this.rows]);
  }

  private size(): Value {
    return cast(this.graph.size(this.longest), "int32");
  }

  /**
   * With head h of H: row r's part is row r·H + h of the flattened rows; place s·T + t's part is row
   * (s·H + h)·T + t = place + s·T·(H − 1) + h·T of the flattened heads.
   */
  private indicesFor(heads: number): { toHeads: Value; toRows: Value } {
    const known = this.indices.get(heads);
    if (known) return known;
    const { graph, rows, longest } = this;
    const head = Array.from({ length: heads }, (_, i) => i);
    const times = (a: Value, b: Value, shape = a.shape): Value => graph.node("Mul", [a, b], shape);
    const slots = reshape(this.slots, ["sequences", 1, longest]);
    const toHeads = graph.node(
      "Add",
      [times(slots, graph.scalar(heads, "int32")), graph.constant(head, [heads, 1], "int32")],
      ["sequences", heads, longest],
    );
    const size = this.size();
    const sequence = graph.node("Div", [this.places, size], [rows]);
    const perSequence = times(size, graph.scalar(heads - 1, "int32"));
    const first = graph.node("Add", [this.places, times(sequence, perSequence)], [rows]);
    const toRows = graph.node(
      "Add",
      [reshape(first, [rows, 1]), times(size, graph.constant(head, [heads], "int32"), [heads])],
      [rows, heads],
    );
    const indices = { toHeads, toRows };
    this.indices.set(heads, indices);
    return indices;
  }
}
