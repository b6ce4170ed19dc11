import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, copyFile, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ObjectStore } from "./object-store.js";

/**
 * A store in a directory that all machines see. Files are renamed into place once they are on the disk. A directory that
 * is not there, such as one that is not mounted, is an error, not an empty store.
 */
export class DirectoryStore implements ObjectStore {
  constructor(readonly address: string) {}

  async create(): Promise<void> {
    await mkdir(this.address, { recursive: true });
  }

  async read(key: string): Promise<Buffer | undefined> {
    return this.orAbsent(readFile(this.path(key)));
  }

  async write(key: string, content: string | Uint8Array): Promise<void> {
    await this.replace(key, (temporary) => writeFile(temporary, content, { flag: "wx", flush: true }));
  }

  async upload(key: string, file: string): Promise<void> {
    await this.replace(key, async (temporary) => {
      await copyFile(file, temporary, constants.COPYFILE_FICLONE);
      const copy = await open(temporary, "r+");
      try {
        await copy.sync();
      } finally {
        await copy.close();
      }
    });
  }

  async download(key: string, file: string): Promise<boolean> {
    await mkdir(dirname(file), { recursive: true });
    return (await this.orAbsent(copyFile(this.path(key), file, constants.COPYFILE_FICLONE).then(() => true))) ?? false;
  }

  async has(key: string): Promise<boolean> {
    return (await this.orAbsent(access(this.path(key)).then(() => true))) ?? false;
  }

  async list(prefix: string, wanted: (name: string) => boolean = () => true): Promise<Map<string, string>> {
    const names = (await this.orAbsent(readdir(this.path(prefix)))) ?? [];
    const found = new Map<string, string>();
    for (const name of names) {
      if (name.endsWith(".tmp") || !wanted(name)) continue;
      const file = await this.orAbsent(stat(join(this.path(prefix), name)));
      if (file?.isFile()) found.set(name, `${file.ino}:${file.mtimeMs}:${file.size}`);
    }
    return found;
  }

  async remove(prefix: string): Promise<void> {
    await rm(this.path(prefix), { recursive: true, force: true });
  }

  private path(key: string): string {
    return join(this.address, ...key.split("/"));
  }

  private async replace(key: string, write: (temporary: string) => Promise<void>): Promise<void> {
    const path = this.path(key);
    const temporary = `${path}.${randomUUID()}.tmp`; // other machines write here too
    await this.makeDirectories(key);
    try {
      await write(temporary);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** One by one: `recursive` would make the store itself anew where it has just gone away. */
  private async makeDirectories(key: string): Promise<void> {
    let directory = this.address;
    for (const name of key.split("/").slice(0, -1)) {
      directory = join(directory, name);
      await mkdir(directory).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
      });
    }
  }

  private async orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      await access(this.address);
      return undefined;
    }
  }
}
