import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ReferenceKind } from "../../../harness/hub/reference.js";
import { resolveReference } from "../../../harness/hub.js";
import { HubServer } from "./hub-server.js";

const commit = "1234567890abcdef1234567890abcdef12345678";
const later = "abcdefabcdefabcdefabcdefabcdefabcdefabcd";
const config = Buffer.from('{"model_type":"llama"}');
const weights = Buffer.alloc(300_000, 7);

let server: HubServer;
let home: string;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "bench-hub-"));
  server = new HubServer([
    {
      id: "models/owner/tiny",
      refs: { main: commit },
      files: [
        { path: "config.json", content: config },
        { path: "model.safetensors", content: weights, lfs: true },
        { path: "pytorch_model.bin", content: weights },
        { path: "onnx/model.onnx", content: weights },
        { path: "onnx/model_int8.onnx", content: weights },
      ],
    },
    {
      id: "datasets/owner/data",
      refs: { main: commit, v1: commit },
      files: [{ path: "task/train.json", content: Buffer.from("[]") }],
    },
    {
      id: "models/owner/secret",
      refs: { main: commit },
      files: [{ path: "config.json", content: config }],
      token: "hf_x",
    },
    { id: "datasets/owner/evil", refs: { main: commit }, files: [{ path: "../../out.json", content: config }] },
  ]);
  vi.stubEnv("HF_ENDPOINT", `${await server.start()}/`);
  vi.stubEnv("HF_HOME", home);
  vi.stubEnv("HF_TOKEN", "");
  for (const name of ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE"]) vi.stubEnv(name, undefined);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});

const failure = async (reference: string, kind: ReferenceKind = "model") => {
  const error = await resolveReference(reference, kind).then(
    () => expect.fail("it should have failed"),
    (thrown) => thrown,
  );
  expect(error.fix).toBeTruthy();
  return { code: error.code as string, message: error.message as string, fix: error.fix as string };
};

test("a model comes into the standard cache: blobs by digest, linked from the snapshot of its commit", async () => {
  const { directory, revision } = await resolveReference("hf://owner/tiny", "model");
  expect(revision).toBe(commit);
  const repository = join(home, "hub", "models--owner--tiny");
  expect(directory).toBe(join(repository, "snapshots", commit));
  expect(readdirSync(directory).sort()).toEqual(["config.json", "model.safetensors"]);
  expect(readFileSync(join(directory, "model.safetensors")).equals(weights)).toBe(true);
  expect(lstatSync(join(directory, "config.json")).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(repository, "refs", "main"), "utf8")).toBe(commit);
  expect(readdirSync(join(repository, "blobs"))).toHaveLength(2);
});

test("a second time nothing is downloaded; a moved branch brings the new commit; a commit stays pinned", async () => {
  await resolveReference("hf://owner/tiny", "model");
  server.requests.length = 0;
  await resolveReference("hf://owner/tiny", "model");
  expect(server.requests.filter((path) => path.includes("/resolve/"))).toEqual([]);
  server.repositories[0]!.refs.main = later;
  expect((await resolveReference("hf://owner/tiny", "model")).revision).toBe(later);
  server.repositories[0]!.refs.old = commit;
  const pinned = await resolveReference(`hf://owner/tiny@${commit}`, "model");
  expect(pinned.revision).toBe(commit);
  expect(pinned.directory).toContain(commit);
});

test("a data set with folders, by a tag", async () => {
  const { directory, revision } = await resolveReference("hf://datasets/owner/data@v1", "dataset");
  expect(revision).toBe(commit);
  expect(readFileSync(join(directory, "task", "train.json"), "utf8")).toBe("[]");
});

test("offline, and without an answer, the cache serves what it has", async () => {
  const online = await resolveReference("hf://owner/tiny", "model");
  vi.stubEnv("HF_HUB_OFFLINE", "1");
  server.requests.length = 0;
  expect(await resolveReference("hf://owner/tiny", "model")).toEqual(online);
  expect(await resolveReference(`hf://owner/tiny@${commit}`, "model")).toEqual(online);
  expect(server.requests).toEqual([]);
  expect(await failure("hf://datasets/owner/data", "dataset")).toMatchObject({
    code: "HUB_UNAVAILABLE",
    message: expect.stringContaining("HF_HUB_OFFLINE"),
  });
  vi.stubEnv("HF_HUB_OFFLINE", undefined);
  await server.stop();
  expect(await resolveReference("hf://owner/tiny", "model")).toEqual(online);
  const unreachable = await failure("hf://datasets/owner/data", "dataset");
  expect(unreachable.message).toContain("cannot be reached");
  expect(unreachable.fix).toContain("HF_ENDPOINT");
  await server.start();
});

test("a private repository asks for a token, and opens with it", async () => {
  expect(await failure("hf://owner/secret")).toMatchObject({
    code: "HUB_UNAVAILABLE",
    message: expect.stringContaining("refuses access (401)"),
    fix: expect.stringContaining("HF_TOKEN"),
  });
  vi.stubEnv("HF_TOKEN", "hf_x");
  expect((await resolveReference("hf://owner/secret", "model")).revision).toBe(commit);
  vi.stubEnv("HF_TOKEN", "nonsense");
  expect((await failure("hf://owner/secret")).message).toContain("hf_");
});

test("what is not there: repository, revision", async () => {
  expect((await failure("hf://owner/absent")).message).toContain("does not exist");
  expect((await failure("hf://owner/tiny@v9")).message).toContain('no revision "v9"');
});

test.each(["truncated", "damaged"] as const)(
  "a %s download is refused, leaves nothing behind, and is mended by another try",
  async (fault) => {
    server.broken.set("model.safetensors", fault);
    expect((await failure("hf://owner/tiny")).code).toBe("HUB_UNAVAILABLE");
    const repository = join(home, "hub", "models--owner--tiny");
    expect(readdirSync(join(repository, "blobs"))).toHaveLength(1);
    expect(existsSync(join(repository, "refs", "main"))).toBe(false);
    server.broken.clear();
    const { directory } = await resolveReference("hf://owner/tiny", "model");
    expect(readFileSync(join(directory, "model.safetensors")).equals(weights)).toBe(true);
  },
);

test("a path that leaves the repository is refused", async () => {
  const refused = { code: "HUB_UNAVAILABLE", message: expect.stringContaining("cannot be a path below") };
  expect(await failure("hf://datasets/owner/evil", "dataset")).toMatchObject(refused);
  expect(existsSync(join(home, "out.json"))).toBe(false);
});

test.each(["../../../../secret.json", "..", "", "0".repeat(39), "ABCDEF".padEnd(40, "0")])(
  "a commit and a digest are hexadecimal and of their length, not %j",
  async (lie) => {
    // in a real cache the digest of a listed file names a blob: this one would link a file of the user into the data
    writeFileSync(join(home, "secret.json"), "[1]");
    const data = server.repositories.find(({ id }) => id === "datasets/owner/data")!;
    data.files[0]!.oid = lie;
    expect(await failure("hf://datasets/owner/data", "dataset")).toMatchObject({ code: "HUB_UNAVAILABLE" });
    delete data.files[0]!.oid;
    data.refs.main = lie;
    expect(await failure("hf://datasets/owner/data", "dataset")).toMatchObject({ code: "HUB_UNAVAILABLE" });
    const snapshots = join(home, "hub", "datasets--owner--data", "snapshots");
    expect(existsSync(snapshots) ? readdirSync(snapshots) : []).toEqual([]);
  },
);

test("of a sentence model the ONNX file comes, and not its other forms", async () => {
  const { directory, revision } = await resolveReference("hf://owner/tiny", "sentence-model");
  expect(revision).toBe(commit);
  expect(readdirSync(directory).sort()).toEqual(["config.json", "onnx"]);
  expect(readdirSync(join(directory, "onnx"))).toEqual(["model.onnx"]);
});

test("local paths, and references of the wrong form or kind", async () => {
  expect(await resolveReference(home, "dataset")).toEqual({ directory: home, revision: null });
  expect((await failure(join(home, "nowhere"))).code).toBe("MODEL_INVALID");
  expect((await failure(join(home, "nowhere"), "dataset")).code).toBe("DATA_INVALID");
  expect((await failure("hf://owner/tiny", "dataset")).fix).toContain("hf://datasets/");
  expect((await failure("hf://datasets/owner/data")).code).toBe("USAGE");
  expect((await failure("hf://a/b/c")).code).toBe("USAGE");
});

test("a cache that cannot be written is an error of the disk", async () => {
  vi.stubEnv("HF_HUB_CACHE", "/dev/full");
  const { code } = await failure("hf://owner/tiny");
  expect(code).toBe("STORAGE");
});
