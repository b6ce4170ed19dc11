import type { SparseGraph } from "./sparse-graph.js";

/** A graph whose last nodes are independent: they have no edges among themselves. */
export interface SplitGraph {
  graph: SparseGraph;
  /** Nodes before the independent ones. */
  first: number;
}

/** The part of WebAssembly's interface that is used here; the library's declarations come with those of browsers alone. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { bench: { memory: Memory } });
    readonly exports: Record<"sum" | "sumWeighted", (...parameters: number[]) => void>;
  }
}

/** sparse-product.wat in binary, which takes half the time of the same loops in JavaScript and less; a test assembles it again. */
export const binary =
  "AGFzbQEAAAABCQFgBX9/f39/AAIRAQViZW5jaAZtZW1vcnkCAAEDAwIAAAcVAgNzdW0AAAtzdW1XZWlnaHRlZAABCpMDAr0BAgN/AnwgACACQQJ0" +
  "aiEFAkADQCAAIAVPDQEgAyAAKAIAQQJ0aiEGIAMgASgCAEECdGohB0QAAAAAAAAAACEIRAAAAAAAAAAAIQkgByAGa0EEcQRAIAYoAgAqAgC7IQgg" +
  "BkEEaiEGCwJAA0AgBiAHTw0BIAkgBigCACoCALugIQkgCCAGKAIEKgIAu6AhCCAGQQhqIQYMAAsLIAQgCCAJoDkDACAAQQRqIQAgAUEEaiEBIARB" +
  "CGohBAwACwsL0QECA38CfCAAIAJBAnRqIQUCQANAIAAgBU8NASADIAAoAgBBA3RqIQYgAyABKAIAQQN0aiEHIAQrAwAhCEQAAAAAAAAAACEJIAcg" +
  "BmtBCHEEQCAIIAYqAgS7IAYoAgAqAgC7oqAhCCAGQQhqIQYLAkADQCAGIAdPDQEgCSAGKgIEuyAGKAIAKgIAu6KgIQkgCCAGKgIMuyAGKAIIKgIA" +
  "u6KgIQggBkEQaiEGDAALCyAEIAggCaA5AwAgAEEEaiEAIAFBBGohASAEQQhqIQQMAAsLCw==";

/** Bytes of a page of WebAssembly's memory. */
const page = 65536;

/** Products with a graph's edge weights. They are of the graph that was asked for last: nobody keeps them while another is asked for. */
export interface SparseProduct {
  /** [nodes], of single precision: numbers of the nodes f before the independent ones, then of the independent ones t. */
  input: Float32Array;
  /** [nodes], in the same order. */
  output: Float64Array;
  /** output_t = W_tf · input_f. */
  toIndependent(): void;
  /** output_f = W_ft · input_t. */
  fromIndependent(): void;
  /** output_f = W_ff · input_f + W_ft · input_t. */
  toFirst(): void;
}

let memory: WebAssembly.Memory | undefined;
let instance: WebAssembly.Instance;
/** What lies in the memory. */
let loaded: { of: SplitGraph; product: SparseProduct } | undefined;

/** One memory for all graphs of the process, since each reserves gigabytes of addresses: a graph is copied into it when another is there. */
export function sparseProduct(of: SplitGraph): SparseProduct {
  if (loaded?.of !== of) loaded = { of, product: load(of) };
  return loaded.product;
}

/** Entries of a graph's rows. */
interface Rows {
  /** [nodes + 1], where those of each row begin. */
  starts: Int32Array;
  /** [nodes], where in each row those to independent nodes begin. */
  splits: Int32Array;
  /** Their places among all entries of the graph. */
  chosen: Int32Array;
}

function entriesOf({ graph, first }: SplitGraph, fits: (weight: number) => boolean): Rows {
  const { nodes, offsets, neighbors, weights } = graph;
  const [starts, splits, chosen] = [new Int32Array(nodes + 1), new Int32Array(nodes), new Int32Array(weights.length)];
  let end = 0;
  for (let row = 0; row < nodes; row++) {
    splits[row] = end;
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      if (!fits(weights[at]!)) continue;
      chosen[end++] = at;
      if (neighbors[at]! < first) splits[row] = end;
    }
    starts[row + 1] = end;
  }
  return { starts, splits, chosen: chosen.subarray(0, end) };
}

function load(of: SplitGraph): SparseProduct {
  const { graph, first } = of;
  const { nodes, neighbors, weights } = graph;
  // Most edges have the weight 1: there is nothing to read and to multiply by.
  const ones = entriesOf(of, (weight) => weight === 1);
  const others = entriesOf(of, (weight) => weight !== 1);
  let end = 0;
  /** The address of so many bytes, a multiple of 8. */
  const reserve = (bytes: number): number => {
    const address = end;
    end += Math.ceil(bytes / 8) * 8;
    return address;
  };
  const [input, output] = [reserve(4 * nodes), reserve(8 * nodes)];
  const [places, weighted] = [reserve(4 * ones.chosen.length), reserve(8 * others.chosen.length)];
  const indexOf = ({ starts, splits }: Rows) => ({
    starts: reserve(starts.byteLength),
    splits: reserve(splits.byteLength),
  });
  const [indexOfOnes, indexOfOthers] = [indexOf(ones), indexOf(others)];
  if (memory === undefined) {
    memory = new WebAssembly.Memory({ initial: Math.ceil(end / page) });
    instance = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(binary, "base64")), { bench: { memory } });
  }
  const missing = Math.ceil((end - memory.buffer.byteLength) / page);
  if (missing > 0) memory.grow(missing);
  const { buffer } = memory;
  const placeOf = (at: number) => input + 4 * neighbors[at]!;
  const [words, values] = [
    new Int32Array(buffer, weighted, 2 * others.chosen.length),
    new Float32Array(buffer, weighted, 2 * others.chosen.length),
  ];
  for (let index = 0; index < others.chosen.length; index++) {
    words[2 * index] = placeOf(others.chosen[index]!);
    values[2 * index + 1] = weights[others.chosen[index]!]!;
  }
  const copy = (from: Int32Array, address: number) => new Int32Array(buffer, address, from.length).set(from);
  copy(ones.chosen.map(placeOf), places);
  copy(ones.starts, indexOfOnes.starts);
  copy(ones.splits, indexOfOnes.splits);
  copy(others.starts, indexOfOthers.starts);
  copy(others.splits, indexOfOthers.splits);
  const { sum, sumWeighted } = instance.exports;
  /** For rows `from` to before `to`, of all entries or of those to independent nodes. */
  const multiply = (from: number, to: number, begin: "starts" | "splits") => {
    const rows = (index: typeof indexOfOnes) =>
      [index[begin] + 4 * from, index.starts + 4 * (from + 1), to - from] as const;
    sum(...rows(indexOfOnes), places, output + 8 * from);
    if (others.starts[from] !== others.starts[to]) sumWeighted(...rows(indexOfOthers), weighted, output + 8 * from);
  };
  return {
    input: new Float32Array(buffer, input, nodes),
    output: new Float64Array(buffer, output, nodes),
    toIndependent: () => multiply(first, nodes, "starts"),
    fromIndependent: () => multiply(0, first, "splits"),
    toFirst: () => multiply(0, first, "starts"),
  };
}
