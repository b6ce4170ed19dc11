import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { BenchError } from "./contract/errors.js";
import { isData, parseHubReference, type ReferenceKind } from "./hub/reference.js";

/** Where the files of a reference lie, and the commit that they are; null for a local directory. */
export interface ResolvedReference {
  directory: string;
  revision: string | null;
}

/**
 * Finds the directory behind a model or data set: a local path, or `hf://owner/name[@revision]` and
 * `hf://datasets/owner/name[@revision]`, whose files are brought into the standard cache. A branch or tag is resolved to
 * a commit first, so that all files are of one state. Without a connection the cache answers. A model may also be an
 * adapter behind its base, `base::adapter`, or the address of a server, which stays as it is. A sentence model is a
 * model repository of which the ONNX files are brought.
 *
 * Reads HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, HF_HOME and HF_HUB_CACHE.
 *
 * @throws MODEL_INVALID or DATA_INVALID for a path without a directory, USAGE for a malformed reference,
 * HUB_UNAVAILABLE for all that goes wrong with the Hub, STORAGE for the disk.
 */
export async function resolveReference(reference: string, kind: ReferenceKind): Promise<ResolvedReference> {
  if (kind === "model" && /^https?:\/\//.test(reference)) return { directory: reference, revision: null };
  if (kind === "model" && reference.includes("::")) return resolveAdapted(reference);
  const remote = parseHubReference(reference, kind);
  if (remote === undefined) return { directory: localDirectory(reference, kind), revision: null };
  const { cachedSnapshot } = await import("./hub/snapshot.js"); // the Hub's library is not for local files
  return cachedSnapshot(remote);
}

/** An adapter behind its base: both are found, and joined again. */
async function resolveAdapted(reference: string): Promise<ResolvedReference> {
  const parts = await Promise.all(reference.split("::").map((part) => resolveReference(part, "model")));
  const revisions = parts.flatMap(({ revision }) => revision ?? []);
  return {
    directory: parts.map(({ directory }) => directory).join("::"),
    revision: revisions.length === 0 ? null : revisions.join("::"),
  };
}

function localDirectory(path: string, kind: ReferenceKind): string {
  const directory = resolve(path);
  if (existsSync(directory) && statSync(directory).isDirectory()) return directory;
  throw new BenchError(
    isData(kind) ? "DATA_INVALID" : "MODEL_INVALID",
    existsSync(directory) ? "this is a file, not a directory" : "there is no such directory",
    { at: { file: path }, fix: `Check the path, or write hf://${isData(kind) ? "datasets/" : ""}owner/name.` },
  );
}
