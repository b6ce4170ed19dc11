import { InferenceSession, Tensor } from "onnxruntime-node";
import { BenchError, type ErrorCode } from "../../../../harness/contract/errors.js";
import { encode, noTensor } from "./encode.js";
import type { Graph } from "./graph.js";
import type { MappedTensor } from "./mapped-tensor.js";
import { type Feeds, type Fetches, OutputMemory } from "./output-memory.js";

export { Tensor } from "onnxruntime-node";
export type { Feeds, Fetches, Inputs } from "./output-memory.js";

/** What runs a graph. Part of a session's identity: other providers or thread counts give other bits. */
export interface SessionOptions {
  /** ONNX Runtime's execution providers in order of preference, such as ["cpu"]. */
  readonly executionProviders: readonly string[];
  readonly threads: number;
}

/** The in-process CPU with one thread: what determinism across machines of one kind rests on. */
export const singleThread: SessionOptions = { executionProviders: ["cpu"], threads: 1 };

/** A compiled graph. It contains no weights: these are inputs, fed or in files. */
export class CompiledGraph {
  private constructor(
    private readonly session: InferenceSession,
    private readonly memory: OutputMemory,
  ) {}

  /**
   * Throws INTERNAL where ONNX Runtime refuses the graph, DEVICE_UNAVAILABLE where it lacks the provider, MODEL_INVALID
   * where a file of `mapped` was changed.
   *
   * @param mapped inputs that are not fed, by name; all in files of one directory.
   */
  static async create(
    graph: Graph,
    options: SessionOptions = singleThread,
    mapped: Readonly<Record<string, MappedTensor>> = {},
  ): Promise<CompiledGraph> {
    const files = Object.values(mapped)[0]?.files;
    files?.check();
    const session = await guard("A graph could not be compiled", () =>
      InferenceSession.create(encode(graph, mapped), {
        executionProviders: [...options.executionProviders],
        intraOpNumThreads: options.threads,
        interOpNumThreads: 1,
        enableMemPattern: false,
        // An arena is the session's own and keeps what a run took as long as it lives; memory of the process serves all sessions.
        enableCpuMemArena: false,
        graphOptimizationLevel: "all",
        logSeverityLevel: 3,
        ...(files && { extra: { session: { model_external_initializers_file_folder_path: files.directory } } }),
      }),
    );
    return new CompiledGraph(session, new OutputMemory(graph));
  }

  /**
   * Runs the graph; without fetches all outputs are made anew. A fetched tensor may share its buffer with a fed one if
   * every node that reads the fed one is an ancestor of the node that writes the output.
   *
   * ONNX Runtime for Node copies every output when a run is over, even one that was written in place: of a gradient, as
   * much as the model takes, until the copy is collected. It copies them in order, and throws at one that is no tensor. So
   * where the outputs' sizes are known they are written into memory of ours, and one that is no tensor is fetched before
   * them: when it throws, all are written and none is copied.
   */
  async run(feeds: Feeds, fetches?: Fetches): Promise<Readonly<Record<string, Tensor>>> {
    const wanted = fetches ?? this.memory.everything;
    return guard("A graph failed to run", async () => {
      const outputs = this.memory.take(feeds, wanted);
      if (!outputs) return (await this.session.run(feeds, wanted)) as Record<string, Tensor>;
      try {
        await this.session.run(feeds, { ...outputs, [noTensor]: null });
      } catch (thrown) {
        if (!(thrown instanceof Error && thrown.message.startsWith("Non tensor type"))) throw thrown;
      }
      return outputs;
    });
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
  if (/bad_alloc|failed to allocate|allocation failed|array length/i.test(reason)) {
    const fix =
      "The memory is full: take fewer workers, a smaller microBatch, or a trainer that holds less, such as lora.";
    return { code: "ENGINE_FAILED", fix };
  }
  const missing = /execution provider|backend not found|no available backend|libcu|CUDA/i.test(reason);
  if (!missing) return { code: "INTERNAL" };
  return { code: "DEVICE_UNAVAILABLE", fix: "Run `bench doctor` to see which devices this machine has." };
}
