import { InferenceSession, Tensor } from "onnxruntime-node";
import { BenchError, type ErrorCode } from "../../../../harness/contract/errors.js";
import { encode } from "./encode.js";
import type { Graph } from "./graph.js";

export { Tensor } from "onnxruntime-node";

/** What runs a graph. Part of a session's identity: other providers or thread counts give other bits. */
export interface SessionOptions {
  /** ONNX Runtime's execution providers in order of preference, such as ["cpu"]. */
  readonly executionProviders: readonly string[];
  readonly threads: number;
  /** Whether a session returns the memory of a run to the system after it: for graphs that use much. Changes no bits. */
  readonly returnsMemory?: boolean;
}

/** The in-process CPU with one thread: what determinism across machines of one kind rests on. */
export const singleThread: SessionOptions = { executionProviders: ["cpu"], threads: 1 };

export type Feeds = Readonly<Record<string, Tensor>>;
/** For each output to fetch the tensor that it is written into, in place, or null to have one made. */
export type Fetches = Readonly<Record<string, Tensor | null>>;

/** A compiled graph. It contains no weights: these are inputs. */
export class CompiledGraph {
  private constructor(private readonly session: InferenceSession) {}

  /** Throws INTERNAL where ONNX Runtime refuses the graph, DEVICE_UNAVAILABLE where it lacks the provider. */
  static async create(graph: Graph, options: SessionOptions = singleThread): Promise<CompiledGraph> {
    const session = await guard("A graph could not be compiled", () =>
      InferenceSession.create(encode(graph), {
        executionProviders: [...options.executionProviders],
        intraOpNumThreads: options.threads,
        interOpNumThreads: 1,
        enableMemPattern: false,
        enableCpuMemArena: !options.returnsMemory,
        graphOptimizationLevel: "all",
        logSeverityLevel: 3,
      }),
    );
    return new CompiledGraph(session);
  }

  /**
   * Runs the graph; without fetches all outputs are made anew. A fetched tensor may share its buffer with a fed one if
   * every node that reads the fed one is an ancestor of the node that writes the output.
   */
  async run(feeds: Feeds, fetches?: Fetches): Promise<Readonly<Record<string, Tensor>>> {
    const result = await guard("A graph failed to run", () =>
      fetches ? this.session.run(feeds, fetches) : this.session.run(feeds),
    );
    return result as Record<string, Tensor>;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

export function floats(values: Float32Array | readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return new Tensor("float32", values instanceof Float32Array ? values : Float32Array.from(values), shape);
}

export function integers(values: Int32Array | readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return new Tensor("int32", values instanceof Int32Array ? values : Int32Array.from(values), shape);
}

async function guard<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const { code, fix } = causeOf(reason);
    throw new BenchError(code, `${what}: ${reason}`, { cause: thrown, fix });
  }
}

function causeOf(reason: string): { code: ErrorCode; fix?: string } {
  if (/bad_alloc|failed to allocate/i.test(reason)) {
    const fix =
      "The memory is full: take fewer workers, a smaller microBatch, or a trainer that holds less, such as lora.";
    return { code: "ENGINE_FAILED", fix };
  }
  const missing = /execution provider|backend not found|no available backend|libcu|CUDA/i.test(reason);
  if (!missing) return { code: "INTERNAL" };
  return { code: "DEVICE_UNAVAILABLE", fix: "Run `bench doctor` to see which devices this machine has." };
}
