import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { sha256 } from "../../contract/digest.js";
import { BenchError } from "../../contract/errors.js";
import { pathInside } from "../../contract/files/foreign-path.js";
import type { ObjectStore } from "./object-store.js";

/** The files of a directory: path with `/` → SHA-256. */
export type Tree = Record<string, string>;

/** Contents by their SHA-256, below a prefix of a store. What comes back is compared with it before anyone sees it. */
export class ContentStore {
  constructor(
    private readonly objects: ObjectStore,
    private readonly prefix: string,
  ) {}

  /** Keeps a content and returns its digest. */
  async put(content: string | Uint8Array): Promise<string> {
    const digest = sha256(content);
    if (!(await this.objects.has(this.key(digest)))) await this.objects.write(this.key(digest), content);
    return digest;
  }

  /** The same for a file. */
  async putFile(file: string): Promise<string> {
    const digest = await digestOfFile(file);
    if (!(await this.objects.has(this.key(digest)))) await this.objects.upload(this.key(digest), file);
    return digest;
  }

  /**
   * The same for all files of a directory.
   *
   * @param wanted files, and directories to look into, by their paths with `/`; all unless given.
   */
  async putTree(directory: string, wanted: (path: string) => boolean = () => true): Promise<Tree> {
    const tree: Tree = {};
    for (const path of await filesOf(directory, wanted)) tree[path] = await this.putFile(join(directory, path));
    return tree;
  }

  /** Throws DATA_INVALID where the content is missing or another one. */
  async get(digest: string): Promise<Buffer> {
    const content = await this.objects.read(this.key(digest));
    if (content === undefined || sha256(content) !== digest) throw this.damaged(digest, content === undefined);
    return content;
  }

  /** The same into a file, which appears whole or not at all. */
  async getFile(digest: string, file: string): Promise<void> {
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      const there = await this.objects.download(this.key(digest), temporary);
      if (!there || (await digestOfFile(temporary)) !== digest) throw this.damaged(digest, !there);
      await rename(temporary, file);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** The same into a directory. */
  async getTree(tree: Tree, directory: string): Promise<void> {
    for (const [path, digest] of Object.entries(tree)) await this.getFile(digest, pathInside(directory, path));
  }

  /** Forgets a content, so that it can be kept anew. */
  async drop(digest: string): Promise<void> {
    await this.objects.remove(this.key(digest));
  }

  private key(digest: string): string {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw this.damaged(digest.slice(0, 80), true);
    return `${this.prefix}/${digest.slice(0, 2)}/${digest.slice(2)}`;
  }

  private damaged(digest: string, missing: boolean): BenchError {
    const what = missing ? "is missing" : "is not what was written: its digest is another one";
    return new BenchError("DATA_INVALID", `an artifact in ${this.objects.address} ${what} (${digest})`, {
      fix: "Run the same command again with --retry-failed: the cell is computed again.",
    });
  }
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

async function filesOf(directory: string, wanted: (path: string) => boolean, below = ""): Promise<string[]> {
  const entries = await readdir(join(directory, below), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (!wanted(path)) return [];
      return entry.isDirectory() ? filesOf(directory, wanted, path) : [path];
    }),
  );
  return found.flat().sort();
}
