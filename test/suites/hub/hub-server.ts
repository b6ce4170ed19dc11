import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ServedFile {
  path: string;
  content: Buffer;
  /** Kept in large-file storage, behind a redirect. */
  lfs?: boolean;
  /** What the listing calls its digest, where that is a lie. */
  oid?: string;
}

export interface ServedRepository {
  /** Such as "models/owner/name". */
  id: string;
  refs: Record<string, string>;
  files: ServedFile[];
  token?: string;
}

/** A server that speaks the part of the Hub's protocol that reading needs, over real HTTP. */
export class HubServer {
  readonly requests: string[] = [];
  /** Paths whose download breaks off half-way, or comes with a wrong byte. */
  readonly broken = new Map<string, "truncated" | "damaged">();
  /** Called before a commit is looked at: what someone else does meanwhile. */
  meanwhile: (() => void) | undefined;
  private readonly server = createServer((request, response) => this.answer(request, response));

  constructor(readonly repositories: ServedRepository[]) {}

  async start(): Promise<string> {
    await new Promise<void>((ready) => this.server.listen(0, "127.0.0.1", ready));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private answer(request: IncomingMessage, response: ServerResponse): unknown {
    const path = decodeURIComponent(new URL(request.url!, "http://hub").pathname);
    this.requests.push(path);
    const stored = /^\/lfs\/([0-9a-f]+)$/.exec(path);
    if (stored !== null) {
      const file = this.repositories.flatMap(({ files }) => files).find((file) => sha256(file.content) === stored[1])!;
      return this.send(request, response, file, sha256(file.content));
    }
    const repository = this.repositories.find(({ id }) =>
      [`/api/${id}/`, `/${id.replace(/^models\//, "")}/`].some((start) => path.startsWith(start)),
    );
    if (repository === undefined) return fail(response, 404, "RepoNotFound", "Repository not found");
    if (repository.token !== undefined && request.headers.authorization !== `Bearer ${repository.token}`) {
      return fail(response, 401, "GatedRepo", "Access to it is restricted");
    }
    if (request.method === "POST") return void this.write(repository, path, request, response);
    const [, verb, revision, rest] = /\/(revision|tree|resolve)\/([^/]+)\/?(.*)$/.exec(path)!;
    const commit = repository.refs[revision!] ?? Object.values(repository.refs).find((sha) => sha === revision);
    if (commit === undefined) return fail(response, 404, "RevisionNotFound", `Invalid rev id: ${revision}`);
    response.setHeader("x-repo-commit", commit);
    if (verb === "revision") return json(response, { _id: "1", id: repository.id, sha: commit, lastModified: 0 });
    if (verb === "tree") return json(response, repository.files.flatMap(treeEntries));
    const file = repository.files.find((candidate) => candidate.path === rest);
    if (file === undefined) return fail(response, 404, "EntryNotFound", "Entry not found");
    if (!file.lfs) return this.send(request, response, file, gitDigest(file.content));
    response.writeHead(302, {
      location: `/lfs/${sha256(file.content)}`,
      "x-linked-etag": `"${sha256(file.content)}"`,
      "x-linked-size": file.content.length,
    });
    response.end();
  }

  /** What committing asks for: how each file is to be sent, then the commit itself, refused upon another parent. */
  private async write(
    repository: ServedRepository,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    if (path.includes("/preupload/")) {
      const { files } = JSON.parse(body) as { files: { path: string }[] };
      return json(response, { files: files.map((file) => ({ path: file.path, uploadMode: "regular" })) });
    }
    this.meanwhile?.();
    const lines = body
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as CommitLine);
    const header = lines.find((line) => line.key === "header")!;
    if (header.value.parentCommit !== repository.refs.main) {
      return fail(response, 412, "PreconditionFailed", "A commit has happened since. Please refresh and try again.");
    }
    const files = lines.flatMap((line) => (line.key === "file" ? [line.value] : []));
    this.commit(
      repository,
      files.map(({ path, content }) => ({ path, content: Buffer.from(content, "base64") })),
    );
    const oid = repository.refs.main!;
    json(response, { success: true, commitOid: oid, commitUrl: `http://hub/commit/${oid}`, hookOutput: "" });
  }

  /** Adds or replaces files and moves the branch. */
  commit(repository: ServedRepository, files: readonly ServedFile[]): void {
    const paths = new Set(files.map(({ path }) => path));
    repository.files = [...repository.files.filter(({ path }) => !paths.has(path)), ...files];
    repository.refs.main = gitDigest(Buffer.from(repository.files.map(({ content }) => sha256(content)).join()));
  }

  private send(request: IncomingMessage, response: ServerResponse, file: ServedFile, etag: string): void {
    const { content } = file;
    response.setHeader("etag", `"${etag}"`);
    response.setHeader("accept-ranges", "bytes");
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (range !== null) {
      const [first, last] = [Number(range[1]), Math.min(Number(range[2]), content.length - 1)];
      response.writeHead(206, { "content-range": `bytes ${first}-${last}/${content.length}` });
      response.end(content.subarray(first, last + 1));
      return;
    }
    const fault = this.broken.get(file.path);
    response.writeHead(200, { "content-length": content.length });
    if (fault === "truncated") {
      response.write(content.subarray(0, content.length >> 1));
      setTimeout(() => response.destroy(), 20);
    } else {
      const sent = Buffer.from(content);
      if (fault === "damaged") sent[0]! ^= 1;
      response.end(sent);
    }
  }
}

type CommitLine =
  | { key: "header"; value: { summary: string; parentCommit?: string } }
  | { key: "file"; value: { path: string; content: string } };

const sha256 = (content: Buffer) => createHash("sha256").update(content).digest("hex");

/** The digest of a git blob. */
const gitDigest = (content: Buffer) =>
  createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");

function treeEntries({ path, content, lfs, oid = gitDigest(content) }: ServedFile) {
  const size = content.length;
  const pointer = Buffer.from(`oid sha256:${sha256(content)}`);
  const file = lfs
    ? { type: "file", path, size, oid: gitDigest(pointer), lfs: { oid: sha256(content), size, pointerSize: 130 } }
    : { type: "file", path, size, oid };
  const directory = path.includes("/") ? [{ type: "directory", path: path.split("/")[0], size: 0, oid: "0" }] : [];
  return [...directory, file];
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

function fail(response: ServerResponse, status: number, code: string, error: string): void {
  response.writeHead(status, { "content-type": "application/json", "x-error-code": code });
  response.end(JSON.stringify({ error }));
}
