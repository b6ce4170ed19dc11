import { Tensor } from "onnxruntime-node";
import { arrays, type Graph, type Value } from "./graph.js";
import type { MappedTensor } from "./mapped-tensor.js";

/** What a graph is fed from memory. */
export type Feeds = Readonly<Record<string, Tensor>>;
/** What a graph reads, from memory or from files. */
export type Inputs = Readonly<Record<string, Tensor | MappedTensor>>;
/** For each output to fetch the tensor that it is written into, in place, or null to have one made. */
export type Fetches = Readonly<Record<string, Tensor | null>>;

/** The memory that the outputs of a graph are written into. */
export class OutputMemory {
  /** Fetches every output, made anew. */
  readonly everything: Fetches;
  private readonly outputs: ReadonlyMap<string, Pick<Value, "type" | "shape">>;
  /** An input that has a symbolic size, and on which axis. */
  private readonly sources = new Map<string, { readonly input: string; readonly axis: number }>();

  constructor({ inputs, outputs }: Graph) {
    this.everything = Object.fromEntries([...outputs.keys()].map((name) => [name, null]));
    this.outputs = new Map([...outputs].map(([name, { type, shape }]) => [name, { type, shape }]));
    for (const { name: input, shape } of inputs) {
      for (const [axis, size] of shape.entries()) if (typeof size === "string") this.sources.set(size, { input, axis });
    }
  }

  /** A tensor for each fetched output, its own where one is given. Undefined where no input says how large one is. */
  take(feeds: Feeds, fetches: Fetches): Record<string, Tensor> | undefined {
    const taken: Record<string, Tensor> = {};
    for (const [name, given] of Object.entries(fetches)) {
      const tensor = given ?? this.make(name, feeds);
      if (!tensor) return undefined;
      taken[name] = tensor;
    }
    return taken;
  }

  private make(name: string, feeds: Feeds): Tensor | undefined {
    const { type, shape } = this.outputs.get(name)!;
    const dims: number[] = [];
    for (const size of shape) {
      const source = typeof size === "string" ? this.sources.get(size) : undefined;
      const known = typeof size === "number" ? size : source && feeds[source.input]?.dims[source.axis];
      if (known === undefined) return undefined;
      dims.push(known);
    }
    const length = dims.reduce((product, size) => product * size, 1);
    return new Tensor(type, new arrays[type](length) as Float32Array, dims);
  }
}
