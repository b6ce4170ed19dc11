import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { BenchError } from "./contract/errors.js";
import { hubAccess } from "./hub/access.js";
import { CachedRepository } from "./hub/cache.js";
import { downloadSnapshot, resolveCommit } from "./hub/download.js";
import { hubFailure, isUnreachable } from "./hub/failure.js";
import { type HubReference, isData, parseHubReference, type ReferenceKind } from "./hub/reference.js";

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
  const cache = new CachedRepository(remote);
  const commit = isOffline() ? cache.find(remote.revision) : await fetchCommit(remote, cache);
  if (commit === undefined) {
    throw new BenchError(
      "HUB_UNAVAILABLE",
      `${reference} is not in the cache, and HF_HUB_OFFLINE forbids to fetch it`,
      {
        fix: "Unset HF_HUB_OFFLINE once to fetch it, or give a local directory.",
      },
    );
  }
  return { directory: cache.snapshot(commit), revision: commit };
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

/** Brings the files of a reference into the cache and returns their commit; what the cache has where nobody answers. */
async function fetchCommit(reference: HubReference, cache: CachedRepository): Promise<string> {
  const access = hubAccess();
  try {
    const commit = await resolveCommit(reference, access);
    await downloadSnapshot(reference, commit, cache, access);
    cache.remember(reference.revision, commit);
    return commit;
  } catch (error) {
    const cached = isUnreachable(error) ? cache.find(reference.revision) : undefined;
    if (cached !== undefined) return cached;
    throw hubFailure(reference, access.hubUrl, error);
  }
}

const isOffline = () => /^(?:1|true|yes|on)$/i.test(process.env.HF_HUB_OFFLINE ?? "");
