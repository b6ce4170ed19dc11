import { createHash } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { datasetInfo, downloadFile, type ListFileEntry, listFiles, modelInfo, spaceInfo } from "@huggingface/hub";
import { BenchError } from "../contract/errors.js";
import type { HubAccess } from "./access.js";
import { type CachedRepository, commitPattern } from "./cache.js";
import { apiLimits, downloadLimits, hubFetch } from "./fetch.js";
import type { HubReference } from "./reference.js";

/** The files that are read of a repository of each kind; the rest (other formats of the weights, images) stays there. */
const wanted = {
  model: /^[^/]+\.(?:json|safetensors|txt|model|jinja)$/,
  "sentence-model": /^(?:[^/]+\.json|(?:onnx\/)?model\.onnx(?:_data)?)$/,
  board: /^(?:README\.md|reports\.json|SHA256SUMS(?:\.sig)?|runs\/[^/]+\.json)$/,
  dataset: /\.(?:jsonl?|ndjson|csv|tsv|parquet|ya?ml)$|^README\.md$/,
};

/** Of one repository. */
const mostFiles = 100_000;

/** The current commit of a revision. */
export async function resolveCommit({ type, name, revision }: HubReference, access: HubAccess): Promise<string> {
  const request = { name, revision, additionalFields: ["sha" as const], ...access, fetch: hubFetch(access, apiLimits) };
  const { sha } = await (type === "model"
    ? modelInfo(request)
    : type === "dataset"
      ? datasetInfo(request)
      : spaceInfo(request));
  if (typeof sha === "string" && commitPattern.test(sha)) return sha;
  throw malformed(`it calls ${JSON.stringify(sha)?.slice(0, 80)} the commit of ${name}@${revision}`);
}

/** An answer that is not what the Hub's interface says: nothing of it is used. */
const malformed = (message: string): BenchError =>
  new BenchError("HUB_UNAVAILABLE", `the server's answer is not valid: ${message}`, {
    fix: "Check HF_ENDPOINT; tell the owner of the server.",
  });

/** The digest that a file is kept under: SHA-256 of a file in LFS, else git's SHA-1. */
function digestOf({ path, oid, lfs }: ListFileEntry): string {
  const digest: unknown = lfs === undefined ? oid : lfs.oid;
  const length = lfs === undefined ? 40 : 64;
  if (typeof digest === "string" && digest.length === length && /^[0-9a-f]+$/.test(digest)) return digest;
  throw malformed(`it calls ${JSON.stringify(digest)?.slice(0, 80)} the digest of ${path}`);
}

/** The size that the listing says. */
export function sizeOf({ path, size, lfs }: ListFileEntry): number {
  const listed = lfs?.size ?? size;
  if (Number.isSafeInteger(listed) && listed >= 0) return listed;
  throw malformed(`it calls ${JSON.stringify(listed)?.slice(0, 80)} the size of ${path}`);
}

/** Brings the files of a commit that are wanted into the cache; what is there already is not asked for again. */
export async function downloadSnapshot(
  reference: HubReference,
  commit: string,
  cache: CachedRepository,
  access: HubAccess,
): Promise<void> {
  for await (const entry of filesAt(reference, commit, access)) {
    if (!wanted[reference.kind].test(entry.path)) continue;
    if (cache.has(commit, entry.path)) continue;
    const digest = digestOf(entry);
    if (!existsSync(cache.blob(digest))) {
      await storeChecked(entry, digest, await blobOf(entry, reference, commit, access), cache);
    }
    await cache.link(digest, commit, entry.path);
  }
}

/** The files of a commit, as they are listed. Rejects where the listing does not end. */
export async function* filesAt(
  { type, name }: HubReference,
  commit: string,
  access: HubAccess,
): AsyncGenerator<ListFileEntry> {
  const repo = { type, name };
  const listing = listFiles({ repo, revision: commit, recursive: true, ...access, fetch: hubFetch(access, apiLimits) });
  let listed = 0;
  for await (const entry of listing) {
    if (++listed > mostFiles) throw malformed(`it lists more than ${mostFiles} files`);
    if (entry.type === "file") yield entry;
  }
}

/** The content of a listed file, of which no more is read than the listing says. */
export async function blobOf(
  entry: ListFileEntry,
  { type, name }: HubReference,
  commit: string,
  access: HubAccess,
): Promise<Blob> {
  const fetch = hubFetch(access, downloadLimits(sizeOf(entry)));
  const blob = await downloadFile({ repo: { type, name }, path: entry.path, revision: commit, ...access, fetch });
  if (blob === null) throw new Error(`${entry.path} is listed but cannot be downloaded`);
  return blob;
}

/** Writes a download next to its destination, and moves it there only if its length and digest are right. */
async function storeChecked(entry: ListFileEntry, digest: string, blob: Blob, cache: CachedRepository): Promise<void> {
  const size = sizeOf(entry);
  if (blob.size !== size) throw new Error(`${entry.path} has ${blob.size} bytes, not ${size} as listed`);
  const hash = entry.lfs === undefined ? createHash("sha1").update(`blob ${size}\0`) : createHash("sha256");
  const temporary = `${cache.blob(digest)}.${process.pid}.incomplete`;
  await mkdir(dirname(temporary), { recursive: true });
  let received = 0;
  try {
    await pipeline(
      Readable.fromWeb(blob.stream() as ReadableStream),
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          received += chunk.length;
          if (received > size) throw new Error(`${entry.path} has more than ${size} bytes as listed`);
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(temporary),
    );
    if (received !== size) throw new Error(`${entry.path} broke off after ${received} of ${size} bytes`);
    if (hash.digest("hex") !== digest) throw new Error(`${entry.path} arrived damaged: its digest is not ${digest}`);
    await cache.store(temporary, digest);
  } finally {
    await rm(temporary, { force: true });
  }
}
