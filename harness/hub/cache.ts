import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, rename, rm, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { getHFHubCachePath, getRepoFolderName } from "@huggingface/hub";
import { pathInside } from "../contract/files/foreign-path.js";
import { writeFileAtomically } from "../contract/files.js";
import type { HubReference } from "./reference.js";

/** A commit, as the Hub names it. */
export const commitPattern = /^[0-9a-f]{40}$/;

/** All of these names come from a server. */
const foreign = "HUB_UNAVAILABLE";

/** The directory of the cache: HF_HUB_CACHE, else hub/ under HF_HOME. */
export const hubCache = (): string => getHFHubCachePath();

/**
 * One repository in the standard cache of the Hub's libraries (HF_HUB_CACHE, else hub/ under HF_HOME): `blobs/` by
 * digest, `snapshots/<commit>/` with links into it, `refs/<revision>` with the commit that a name last pointed to.
 */
export class CachedRepository {
  private readonly directory: string;

  constructor(reference: HubReference) {
    this.directory = join(getHFHubCachePath(), getRepoFolderName({ type: reference.type, name: reference.name }));
  }

  snapshot(commit: string): string {
    return pathInside(join(this.directory, "snapshots"), commit, foreign);
  }

  blob(digest: string): string {
    return pathInside(join(this.directory, "blobs"), digest, foreign);
  }

  /** The cached commit of a revision, if its files are there. */
  find(revision: string): string | undefined {
    const ref = pathInside(join(this.directory, "refs"), revision, foreign);
    const commit = commitPattern.test(revision)
      ? revision
      : existsSync(ref)
        ? readFileSync(ref, "utf8").trim()
        : undefined;
    return commit !== undefined && existsSync(this.snapshot(commit)) ? commit : undefined;
  }

  /** Remembers the commit of a revision. Done last, so that a name never points to a snapshot with files missing. */
  remember(revision: string, commit: string): void {
    if (revision !== commit) writeFileAtomically(pathInside(join(this.directory, "refs"), revision, foreign), commit);
  }

  has(commit: string, path: string): boolean {
    return existsSync(pathInside(this.snapshot(commit), path, foreign));
  }

  /** Moves a finished download to its blob. */
  async store(temporary: string, digest: string): Promise<void> {
    await rename(temporary, this.blob(digest));
  }

  /** Makes a blob appear in a snapshot: by a relative link, or as a copy where the file system has none. */
  async link(digest: string, commit: string, path: string): Promise<void> {
    const place = pathInside(this.snapshot(commit), path, foreign);
    await mkdir(dirname(place), { recursive: true });
    await rm(place, { force: true });
    try {
      await symlink(relative(dirname(place), this.blob(digest)), place);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EEXIST") return;
      if (code !== "EPERM" && code !== "ENOSYS" && code !== "ENOTSUP") throw error;
      await copyFile(this.blob(digest), place);
    }
  }
}
