import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import { join } from "node:path";
import type { ReadableStream } from "node:stream/web";
import { createBranch, deleteBranch, HubApiError, type ListFileEntry } from "@huggingface/hub";
import { BenchError } from "../../contract/errors.js";
import type { StoredFile } from "../../contract/registry.js";
import { type HubAccess, hubAccess } from "../../hub/access.js";
import { commitPattern } from "../../hub/cache.js";
import { commitTo, writingAccess } from "../../hub/commit.js";
import { blobOf, filesAt, resolveCommit, sizeOf } from "../../hub/download.js";
import { apiLimits, hubFetch } from "../../hub/fetch.js";
import type { HubReference } from "../../hub/reference.js";
import type { CheckpointCopy, StoredCheckpoint } from "../model-store.js";

/** The branch that a checkpoint's files are on, at its root. */
export const contentBranch = (content: string): string => `content/${content}`;

interface Ref {
  name: string;
  targetCommit: string;
}

/** Files of checkpoints in a repository, and what names them there. */
export class HubFiles {
  constructor(private readonly repository: HubReference) {}

  /** The commit that a branch or tag is at; undefined where there is none. */
  async commitOf(revision: string): Promise<string | undefined> {
    try {
      return await resolveCommit({ ...this.repository, revision }, hubAccess());
    } catch (error) {
      if (error instanceof HubApiError && error.statusCode === 404) return undefined;
      throw error;
    }
  }

  /** The text of a file; undefined where the commit has none. Throws DATA_INVALID for a longer one. */
  async textAt(commit: string, path: string, mostBytes: number): Promise<string | undefined> {
    const access = hubAccess();
    for await (const entry of filesAt(this.repository, commit, access)) {
      if (entry.path !== path) continue;
      if (sizeOf(entry) <= mostBytes) return (await blobOf(entry, this.repository, commit, access)).text();
      throw new BenchError("DATA_INVALID", `${this.repository.text}: ${path} has ${sizeOf(entry)} bytes`, {
        fix: `At most ${mostBytes} are read. Use another repository for further versions.`,
      });
    }
    return undefined;
  }

  /** Branches and tags with their commits. The Hub's library does not list them. */
  async refs(): Promise<Map<string, string>> {
    const { type, name } = this.repository;
    const answer = await this.#call("GET", `/api/${type}s/${name}/refs`, hubAccess());
    const { branches = [], tags = [] } = (await answer.json()) as Record<string, Ref[] | undefined>;
    return new Map(
      [...branches, ...tags].flatMap(({ name: ref, targetCommit }) =>
        typeof ref === "string" && commitPattern.test(targetCommit) ? [[ref, targetCommit] as const] : [],
      ),
    );
  }

  /** Uploads a checkpoint, unless the same is there and intact. */
  async keep(copy: CheckpointCopy): Promise<void> {
    const branch = contentBranch(copy.content);
    const commit = await this.commitOf(branch);
    if (commit === undefined) await this.point(branch, undefined);
    else if ((await this.#damageAt(commit, copy.files)).length === 0) return;
    const operations = await Promise.all(
      copy.files.map(async ({ path }) => ({
        operation: "addOrUpdate" as const,
        path,
        content: await openAsBlob(join(copy.directory, path)),
      })),
    );
    await commitTo(this.repository, branch, { title: `Checkpoint ${copy.content.slice(0, 12)}`, operations });
  }

  /** What is wrong with the files of a stored checkpoint, a line each; the Hub knows the SHA-256 of large ones. */
  async damageOf({ content, files }: Pick<StoredCheckpoint, "content" | "files">): Promise<string[]> {
    const commit = await this.commitOf(contentBranch(content));
    return commit === undefined ? files.map(({ path }) => `${path} is missing`) : this.#damageAt(commit, files);
  }

  async #damageAt(commit: string, files: readonly StoredFile[]): Promise<string[]> {
    const access = hubAccess();
    const there = new Map<string, ListFileEntry>();
    for await (const entry of filesAt(this.repository, commit, access)) there.set(entry.path, entry);
    const lines: string[] = [];
    for (const { path, bytes, sha256 } of files) {
      const entry = there.get(path);
      if (entry === undefined) lines.push(`${path} is missing`);
      else if (sizeOf(entry) !== bytes) lines.push(`${path} has ${sizeOf(entry)} bytes instead of ${bytes}`);
      else if ((entry.lfs?.oid ?? (await this.#digest(entry, commit, access))) !== sha256) {
        lines.push(`${path} has another content`);
      }
    }
    return lines;
  }

  async #digest(entry: ListFileEntry, commit: string, access: HubAccess): Promise<string> {
    const hash = createHash("sha256");
    const blob = await blobOf(entry, this.repository, commit, access);
    for await (const chunk of blob.stream() as ReadableStream<Uint8Array>) hash.update(chunk);
    return hash.digest("hex");
  }

  /** Makes a branch, or moves it to a commit; an empty one without. */
  async point(branch: string, commit: string | undefined): Promise<void> {
    const access = writingAccess();
    const { type, name } = this.repository;
    await createBranch({
      ...{ repo: { type, name }, branch, ...access, fetch: hubFetch(access, apiLimits) },
      ...(commit === undefined ? { empty: true } : { revision: commit, overwrite: true }),
    });
  }

  /** Names a commit for good; a tag that is there already stays. The Hub's library has no tags. */
  async tag(tag: string, commit: string): Promise<void> {
    const { type, name } = this.repository;
    const answer = await this.#call("POST", `/api/${type}s/${name}/tag/${commit}`, writingAccess(), { tag });
    await answer.body?.cancel();
  }

  /** Takes a branch away. */
  async drop(branch: string): Promise<void> {
    const access = writingAccess();
    const { type, name } = this.repository;
    await deleteBranch({ repo: { type, name }, branch, ...access, fetch: hubFetch(access, apiLimits) });
  }

  async #call(method: string, path: string, { hubUrl, accessToken }: HubAccess, body?: object): Promise<Response> {
    const headers = {
      ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    };
    const url = `${hubUrl}${path}`;
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const answer = await hubFetch({ hubUrl, accessToken }, apiLimits)(url, init);
    if (answer.ok || (method === "POST" && answer.status === 409)) return answer;
    await answer.body?.cancel();
    throw new HubApiError(url, answer.status, undefined, `${method} ${path}`);
  }
}
