import { BenchError } from "../contract/errors.js";
import { hubAccess } from "./access.js";
import { CachedRepository } from "./cache.js";
import { downloadSnapshot, resolveCommit } from "./download.js";
import { hubFailure, isUnreachable } from "./failure.js";
import type { HubReference } from "./reference.js";

/** The directory of a repository's files in the cache, into which they are brought first where the Hub may be asked. */
export async function cachedSnapshot(reference: HubReference): Promise<{ directory: string; revision: string }> {
  const cache = new CachedRepository(reference);
  const commit = isOffline() ? cache.find(reference.revision) : await fetchCommit(reference, cache);
  if (commit === undefined) {
    throw new BenchError(
      "HUB_UNAVAILABLE",
      `${reference.text} is not in the cache, and HF_HUB_OFFLINE forbids to fetch it`,
      { fix: "Unset HF_HUB_OFFLINE once to fetch it, or give a local directory." },
    );
  }
  return { directory: cache.snapshot(commit), revision: commit };
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
