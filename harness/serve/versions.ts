import type { Backend } from "./api.js";

/** How the backend of a version is opened. */
export type OpenBackend = (name: string, version: number) => Promise<Backend>;

/** The backends of versions, opened when they are first needed; those that nobody needs make room for others. */
export class Versions {
  readonly #opened = new Map<string, Promise<Backend>>();

  /**
   * @param most that are open at a time, unless more are current.
   * @param isCurrent whether a version must stay open.
   */
  constructor(
    private readonly open: OpenBackend,
    private readonly most: number,
    private readonly isCurrent: (name: string, version: number) => boolean,
  ) {}

  /** The backend of a version. Rejects with what opening it throws; the next call tries again. */
  async get(name: string, version: number): Promise<Backend> {
    const key = `${name}@${version}`;
    const known = this.#opened.get(key);
    const backend = known ?? this.open(name, version);
    this.#opened.delete(key);
    this.#opened.set(key, backend); // at the end: used last
    if (known === undefined) {
      backend.catch(() => this.#opened.delete(key));
      await backend;
      await this.#makeRoom();
    }
    return backend;
  }

  /** Closes all, when no call is under way. */
  async close(): Promise<void> {
    const backends = await Promise.allSettled(this.#opened.values());
    await Promise.all(backends.map((each) => (each.status === "fulfilled" ? each.value.close() : undefined)));
  }

  async #makeRoom(): Promise<void> {
    for (const [key, opened] of [...this.#opened].slice(0, -1)) {
      if (this.#opened.size <= this.most) return;
      const [name, version] = key.split("@") as [string, string];
      if (this.isCurrent(name, Number(version))) continue;
      const backend = await opened;
      if (backend.pending > 0) continue;
      this.#opened.delete(key);
      await backend.close();
    }
  }
}
