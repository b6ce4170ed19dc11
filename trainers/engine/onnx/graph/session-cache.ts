import type { Graph } from "./graph.js";
import { MappedTensor } from "./mapped-tensor.js";
import { CompiledGraph, type Feeds, type Fetches, type Inputs, type SessionOptions, singleThread } from "./session.js";

interface Entry {
  compiled: Promise<CompiledGraph>;
  running: number;
  /** Tensors in files. */
  mappings: number;
}

/** Linux allows a process 65,530 mappings of files; each tensor of a session is one, and a process has several workers. */
const mostMappings = 4096;

/**
 * Compiled graphs by signature and the files that they map, least recently used first. Sessions contain no weights, so they
 * belong to the worker: they survive the release of a model and serve the next one of the same architecture, or of the same
 * files. Past a bound the oldest idle session is released.
 */
export class SessionCache {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly bound = 64,
    private readonly mappingBound = mostMappings,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  /** Runs the graph of that signature, which must determine the graph; builds and compiles it the first time. */
  async run(
    signature: string,
    build: () => Graph,
    feeds: Inputs,
    fetches?: Fetches,
    options: SessionOptions = singleThread,
  ): ReturnType<CompiledGraph["run"]> {
    const { fed, mapped, files } = divide(feeds);
    const key = `${JSON.stringify(options)}|${files}|${signature}`;
    const entry = this.entries.get(key) ?? {
      compiled: CompiledGraph.create(build(), options, mapped),
      running: 0,
      mappings: Object.keys(mapped).length,
    };
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.running++;
    try {
      const compiled = await entry.compiled;
      return await compiled.run(fed, fetches);
    } catch (error) {
      if (this.entries.get(key) === entry) this.entries.delete(key);
      throw error;
    } finally {
      entry.running--;
      await this.shrink();
    }
  }

  async clear(): Promise<void> {
    const entries = [...this.entries.values()];
    this.entries.clear();
    await Promise.all(entries.map(async ({ compiled }) => (await compiled).release()));
  }

  private async shrink(): Promise<void> {
    let mappings = [...this.entries.values()].reduce((sum, entry) => sum + entry.mappings, 0);
    for (const [key, entry] of this.entries) {
      if (this.entries.size <= this.bound && mappings <= this.mappingBound) return;
      if (entry.running > 0) continue;
      this.entries.delete(key);
      mappings -= entry.mappings;
      await (await entry.compiled).release();
    }
  }
}

/** What is fed, and what is in files, which these are: empty where nothing is. */
function divide(feeds: Inputs): { fed: Feeds; mapped: Record<string, MappedTensor>; files: string } {
  const fed: Record<string, Feeds[string]> = {};
  const mapped: Record<string, MappedTensor> = {};
  let files = "";
  for (const [name, tensor] of Object.entries(feeds)) {
    if (tensor instanceof MappedTensor) {
      mapped[name] = tensor;
      files = tensor.files.identity;
    } else fed[name] = tensor;
  }
  return { fed, mapped, files };
}

/** The worker's own. */
export const sessions = new SessionCache();
