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
  /** Branches and tags. */
  refs: Record<string, string>;
  tags?: string[];
  /** Those of the main branch. */
  files: ServedFile[];
  token?: string;
}

/** A server that speaks the part of the Hub's protocol that reading, committing, branches and tags need, over real HTTP. */
export class HubServer {
  readonly requests: string[] = [];
  /** Paths whose download breaks off half-way, or comes with a wrong byte. */
  readonly broken = new Map<string, "truncated" | "damaged">();
  /** Called before a commit is looked at: what someone else does meanwhile. */
  meanwhile: (() => void) | undefined;
  /** Files of commits that are not those of a main branch as it is now. */
  private readonly trees = new Map<string, ServedFile[]>();
  /** Large files that were sent ahead of their commit, by digest. */
  private readonly uploaded = new Map<string, Buffer>();
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
    const { pathname } = new URL(request.url!, "http://hub");
    const path = decodeURIComponent(pathname);
    this.requests.push(path);
    const upload = /^\/upload\/([0-9a-f]+)$/.exec(path);
    if (upload !== null) return void this.receive(upload[1]!, request, response);
    const stored = /^\/lfs\/([0-9a-f]+)$/.exec(path);
    if (stored !== null) {
      const all = [...this.repositories.map(({ files }) => files), ...this.trees.values()].flat();
      const file = all.find(({ content }) => sha256(content) === stored[1])!;
      return this.send(request, response, file, sha256(file.content));
    }
    const repository = this.repositories.find(({ id }) =>
      [`/api/${id}/`, `/${id.replace(/^models\//, "")}/`, `/${id.replace(/^models\//, "")}.git/`].some((start) =>
        path.startsWith(start),
      ),
    );
    if (repository === undefined) return fail(response, 404, "RepoNotFound", "Repository not found");
    if (repository.token !== undefined && request.headers.authorization !== `Bearer ${repository.token}`) {
      return fail(response, 401, "GatedRepo", "Access to it is restricted");
    }
    if (request.method === "POST") return void this.write(repository, pathname, request, response);
    if (request.method === "DELETE") {
      delete repository.refs[decodeURIComponent(pathname.split("/branch/")[1]!)];
      return json(response, {});
    }
    if (path.endsWith("/refs")) return json(response, refsOf(repository));
    const found = /\/(revision|tree|resolve)\/([^/]+)\/?(.*)$/.exec(pathname)!;
    const [verb, revision, rest] = found.slice(1).map(decodeURIComponent);
    const commit = repository.refs[revision!] ?? Object.values(repository.refs).find((sha) => sha === revision);
    if (commit === undefined) return fail(response, 404, "RevisionNotFound", `Invalid rev id: ${revision}`);
    response.setHeader("x-repo-commit", commit);
    if (verb === "revision") return json(response, { _id: "1", id: repository.id, sha: commit, lastModified: 0 });
    const files = this.filesOf(repository, commit);
    if (verb === "tree") return json(response, files.flatMap(treeEntries));
    const file = files.find((candidate) => candidate.path === rest);
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
    pathname: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<unknown> {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { refs } = repository;
    const target = decodeURIComponent(pathname.split("/").at(-1)!);
    if (pathname.includes("/preupload/")) {
      const { files } = JSON.parse(body) as { files: { path: string }[] };
      const modeOf = (path: string) => (path.endsWith(".safetensors") ? "lfs" : "regular");
      return json(response, { files: files.map(({ path }) => ({ path, uploadMode: modeOf(path) })) });
    }
    if (pathname.endsWith("/info/lfs/objects/batch")) {
      const { objects } = JSON.parse(body) as { objects: { oid: string; size: number }[] };
      const upload = (oid: string) => ({ href: `http://${request.headers.host}/upload/${oid}`, header: {} });
      const sent = objects.map((object) => ({ ...object, actions: { upload: upload(object.oid) } }));
      return json(response, { transfer: "basic", objects: sent });
    }
    if (pathname.includes("/branch/")) {
      const { startingPoint = "main", emptyBranch, overwrite } = JSON.parse(body) as BranchRequest;
      if (refs[target] !== undefined && !overwrite) return fail(response, 409, "Conflict", "the branch exists");
      const start = refs[startingPoint] ?? Object.values(refs).find((commit) => commit === startingPoint);
      if (start === undefined) return fail(response, 404, "RevisionNotFound", "Invalid rev id");
      refs[target] = emptyBranch ? this.store([]) : start;
      return json(response, {});
    }
    if (pathname.includes("/tag/")) {
      const { tag } = JSON.parse(body) as { tag: string };
      if (refs[tag] !== undefined) return fail(response, 409, "Conflict", "the tag exists");
      refs[tag] = target;
      repository.tags = [...(repository.tags ?? []), tag];
      return json(response, {});
    }
    this.meanwhile?.();
    const lines = body
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as CommitLine);
    const header = lines.find((line) => line.key === "header")!;
    const { parentCommit } = header.value;
    if (parentCommit === undefined ? target === "main" : parentCommit !== refs[target]) {
      return fail(response, 412, "PreconditionFailed", "A commit has happened since. Please refresh and try again.");
    }
    const files = lines.flatMap((line): ServedFile[] => {
      if (line.key === "file") return [{ path: line.value.path, content: Buffer.from(line.value.content, "base64") }];
      if (line.key !== "lfsFile") return [];
      return [{ path: line.value.path, content: this.uploaded.get(line.value.oid)!, lfs: true }];
    });
    if (target === "main") this.commit(repository, files);
    else refs[target] = this.store(withFiles(this.filesOf(repository, refs[target]!), files));
    const oid = refs[target]!;
    json(response, { success: true, commitOid: oid, commitUrl: `http://hub/commit/${oid}`, hookOutput: "" });
  }

  private async receive(digest: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const content = Buffer.concat(chunks);
    if (sha256(content) !== digest) return fail(response, 400, "BadRequest", "another content");
    this.uploaded.set(digest, content);
    json(response, {});
  }

  /** Adds or replaces files and moves the main branch. */
  commit(repository: ServedRepository, files: readonly ServedFile[]): void {
    repository.files = withFiles(repository.files, files);
    repository.refs.main = this.store(repository.files);
  }

  private store(files: ServedFile[]): string {
    const commit = gitDigest(Buffer.from(files.map(({ path, content }) => `${path} ${sha256(content)}`).join()));
    this.trees.set(commit, files);
    return commit;
  }

  private filesOf(repository: ServedRepository, commit: string): ServedFile[] {
    return commit === repository.refs.main ? repository.files : (this.trees.get(commit) ?? repository.files);
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

interface BranchRequest {
  startingPoint?: string;
  emptyBranch?: boolean;
  overwrite?: boolean;
}

type CommitLine =
  | { key: "lfsFile"; value: { path: string; oid: string } }
  | { key: "header"; value: { summary: string; parentCommit?: string } }
  | { key: "file"; value: { path: string; content: string } };

function withFiles(before: readonly ServedFile[], files: readonly ServedFile[]): ServedFile[] {
  const paths = new Set(files.map(({ path }) => path));
  return [...before.filter(({ path }) => !paths.has(path)), ...files];
}

function refsOf({ refs, tags = [] }: ServedRepository) {
  const all = Object.entries(refs).map(([name, targetCommit]) => ({ name, targetCommit, isTag: tags.includes(name) }));
  const named = (isTag: boolean, start: string) =>
    all.flatMap(({ isTag: each, ...ref }) => (each === isTag ? [{ ...ref, ref: `${start}/${ref.name}` }] : []));
  return { branches: named(false, "refs/heads"), tags: named(true, "refs/tags"), converts: [] };
}

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
