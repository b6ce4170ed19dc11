import { isAbsolute } from "node:path";
import { BenchError } from "../../contract/errors.js";
import { DirectoryStore } from "./directory-store.js";
import type { ObjectStore } from "./object-store.js";

/**
 * The store of an address: an absolute path, or `s3://bucket/prefix`.
 *
 * @throws CONFIG_INVALID for another address, or where the client of S3 is not installed.
 */
export async function openStore(address: string): Promise<ObjectStore> {
  const place = parseStore(address);
  if (place === undefined) return new DirectoryStore(address);
  try {
    const { S3Store } = await import("./s3-store.js"); // 0.3 s, for those who use it
    return new S3Store(address, place.bucket, place.prefix === "" ? "" : `${place.prefix}/`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new BenchError("CONFIG_INVALID", "the client of S3 is not installed", {
      fix: "Install it next to bench: npm install @aws-sdk/client-s3",
      cause: error,
    });
  }
}

/** The bucket of an address; undefined for a directory. Throws CONFIG_INVALID for what is neither. */
export function parseStore(address: string): { bucket: string; prefix: string } | undefined {
  if (isAbsolute(address)) return undefined;
  const [, bucket, prefix = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{2,62})(?:\/([\w./-]*?))?\/*$/.exec(address) ?? [];
  if (bucket !== undefined) return { bucket, prefix };
  throw new BenchError("CONFIG_INVALID", `"${address}" is no store`, {
    fix: "Give a directory that all machines see, or s3://bucket/prefix.",
  });
}
