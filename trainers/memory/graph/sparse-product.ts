import type { SparseGraph } from "./sparse-graph.js";

/** A graph whose last nodes are independent: they have no edges among themselves. */
export interface SplitGraph {
  graph: SparseGraph;
  /** Nodes before the independent ones. */
  first: number;
  /** [first], where in a node's row the edges to independent nodes begin. */
  splits: Int32Array;
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
    readonly exports: Record<"gather" | "scatter", (...parameters: number[]) => void>;
  }
}

/** sparse-product.wat in binary, which takes half the time of the same loops in JavaScript and less; a test assembles it again. */
export const binary =
  "AGFzbQEAAAABCwFgB39/f39/f38AAhEBBWJlbmNoBm1lbW9yeQIAAQMDAgAABxQCBmdhdGhlcgAAB3NjYXR0ZXIAAQqkAgKRAQID" +
  "fwF8IAAgAkECdGohBwJAA0AgACAHTw0BIAAoAgBBAnQhCCABKAIAQQJ0IQlEAAAAAAAAAAAhCgJAA0AgCCAJTw0BIAogBCAIaioC" +
  "ALsgBSADIAhqKAIAQQJ0aioCALuioCEKIAhBBGohCAwACwsgBiAKOQMAIABBBGohACABQQRqIQEgBkEIaiEGDAALCwuOAQMDfwF8" +
  "AX8gACACQQJ0aiEHAkADQCAAIAdPDQEgACgCAEECdCEIIAEoAgBBAnQhCSAFKwMAIQoCQANAIAggCU8NASAGIAMgCGooAgBBA3Rq" +
  "IQsgCyALKwMAIAQgCGoqAgC7IAqioDkDACAIQQRqIQgMAAsLIABBBGohACABQQRqIQEgBUEIaiEFDAALCws=";

/** Bytes of a page of WebAssembly's memory. */
const page = 65536;

/** Products with a graph's edge weights. They are of the graph that was asked for last: nobody keeps them while another is asked for. */
export interface SparseProduct {
  /** [first], of single precision. */
  input: Float32Array;
  /** [first]. */
  output: Float64Array;
  /** [independent nodes]. */
  through: Float64Array;
  /** output = W_ff · input and through = W_tf · input, of nodes before the independent ones f and independent ones t. */
  gather(): void;
  /** output += W_ft · through. */
  scatter(): void;
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

function load({ graph, first, splits }: SplitGraph): SparseProduct {
  const { nodes, offsets, neighbors, weights } = graph;
  const last = nodes - first;
  let end = 0;
  /** The address of so many bytes, a multiple of 8. */
  const reserve = (bytes: number): number => {
    const address = end;
    end += Math.ceil(bytes / 8) * 8;
    return address;
  };
  const copied = [offsets, splits, neighbors, weights];
  const [starts, cuts, columns, values] = copied.map((array) => reserve(array.byteLength)) as [
    number,
    number,
    number,
    number,
  ];
  const [input, output, through] = [reserve(4 * first), reserve(8 * first), reserve(8 * last)];
  if (memory === undefined) {
    memory = new WebAssembly.Memory({ initial: Math.ceil(end / page) });
    instance = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(binary, "base64")), { bench: { memory } });
  }
  const missing = Math.ceil((end - memory.buffer.byteLength) / page);
  if (missing > 0) memory.grow(missing);
  const { buffer } = memory;
  new Int32Array(buffer, starts, offsets.length).set(offsets);
  new Int32Array(buffer, cuts, splits.length).set(splits);
  new Int32Array(buffer, columns, neighbors.length).set(neighbors);
  new Float32Array(buffer, values, weights.length).set(weights);
  const { gather, scatter } = instance.exports;
  const independent = starts + 4 * first;
  return {
    input: new Float32Array(buffer, input, first),
    output: new Float64Array(buffer, output, first),
    through: new Float64Array(buffer, through, last),
    gather() {
      gather(starts, cuts, first, columns, values, input, output);
      gather(independent, independent + 4, last, columns, values, input, through);
    },
    scatter() {
      scatter(independent, independent + 4, last, columns, values, through, output);
    },
  };
}
