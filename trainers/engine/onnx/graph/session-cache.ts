import type { Graph } from "./graph.js";
import { CompiledGraph, type Feeds, type Fetches, type SessionOptions, singleThread } from "./session.js";

interface Entry {
  compiled: Promise<CompiledGraph>;
  running: number;
}

/**
 * Compiled graphs by signature, least recently used first. Sessions contain no weights, so they belong to the worker: they
 * survive the release of a model and serve the next one of the same architecture. Past the bound the oldest idle session
 * is released.
 */
export class SessionCache {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly bound = 64) {}

  get size(): number {
    return this.entries.size;
  }

  /** Runs the graph of that signature, which must determine the graph; builds and compiles it the first time. */
  async run(
    signature: string,
    build: () => Graph,
    feeds: Feeds,
    fetches?: Fetches,
    options: SessionOptions = singleThread,
  ): ReturnType<CompiledGraph["run"]> {
    const key = `${JSON.stringify(options)}|${signature}`;
    const entry = this.entries.get(key) ?? { compiled: CompiledGraph.create(build(), options), running: 0 };
    this.entries.delete(key);
    this.entries.set(key, entry);
    entry.running++;
    try {
      const compiled = await entry.compiled;
      return await compiled.run(feeds, fetches);
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
    for (const [key, entry] of this.entries) {
      if (this.entries.size <= this.bound) return;
      if (entry.running > 0) continue;
      this.entries.delete(key);
      await (await entry.compiled).release();
    }
  }
}

/** The worker's own. */
export const sessions = new SessionCache();
