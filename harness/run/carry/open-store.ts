import { isAbsolute } from "node:path";
import { BenchError } from "../../contract/errors.js";
import { DirectoryStore } from "./directory-store.js";
import type { ObjectStore } from "./object-store.js";

/**
 * The store of an address: an absolute path.
 *
 * @throws CONFIG_INVALID for another address.
 */
export async function openStore(address: string): Promise<ObjectStore> {
  if (isAbsolute(address)) return new DirectoryStore(address);
  throw new BenchError("CONFIG_INVALID", `"${address}" is no store`, {
    fix: "Give a directory that all machines see.",
  });
}
