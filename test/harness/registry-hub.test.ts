import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { addVersion } from "../../harness/app/registry/add-version.js";
import { collectGarbage, dropAlias, moveAlias, restoreAlias } from "../../harness/app/registry/aliases.js";
import { compareVersions, verifyVersions } from "../../harness/app/registry/evaluations.js";
import { packageRoot } from "../../harness/contract/files.js";
import { parseHubReference } from "../../harness/hub/reference.js";
import { resolveReference } from "../../harness/hub.js";
import { HubFiles } from "../../harness/registry/hub/hub-files.js";
import { openStore } from "../../harness/registry/open-store.js";
import { rooms } from "../../rooms.js";
import { embeddedModel, newDirectory } from "../files.js";
import { hasPackages, python } from "../python.js";
import { HubServer, type ServedRepository } from "../suites/hub/hub-server.js";
import { bench } from "./cli/support.js";
import { alteredModel } from "./serve/support.js";

const token = "hf_a-token-that-may-write";
const repository: ServedRepository = { id: "models/owner/models", refs: { main: "1".repeat(40) }, files: [], token };
const hub = new HubServer([repository]);
const home = newDirectory();
const options = { registry: "hf://owner/models", by: "tester" };
const model = async () => (await (await openStore(options.registry)).read()).models.support!;
const add = (from: string, more = {}) => addVersion("support", from, { ...options, ...more }, { builtIns: rooms });

beforeAll(async () => {
  vi.stubEnv("HF_ENDPOINT", await hub.start());
  vi.stubEnv("HF_TOKEN", token);
  vi.stubEnv("HF_HOME", join(home, "hub"));
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.stop();
});

it("keeps versions under tags and aliases as branches, by a log on the main branch", async () => {
  const second = alteredModel(home);
  const path = "hf://owner/models@support/1";
  expect(await add(embeddedModel, { reason: "week 12" })).toMatchObject({ known: false, path });
  expect(await add(embeddedModel)).toMatchObject({ known: true, version: { version: 1 } });
  expect(await add(second, { parent: "support@1" })).toMatchObject({ version: { version: 2, parent: 1 } });
  expect((await model()).versions[0]).toMatchObject({ version: 1, by: "tester", reason: "week 12" });
  expect((await compareVersions(options, "support@1", "support@2")).files.changed).toEqual(["generation_config.json"]);
  expect(repository.tags).toEqual(["support/1", "support/2"]);

  await moveAlias("support@1", "champion", options);
  expect(repository.refs["support/champion"]).toBe(repository.refs["support/1"]);
  expect(await moveAlias("support@2", "champion", { ...options, expect: 1 })).toMatchObject({ from: 1, to: 2 });
  expect(repository.refs["support/champion"]).toBe(repository.refs["support/2"]);
  await expect(moveAlias("support@1", "champion", { ...options, expect: 1 })).rejects.toMatchObject({
    code: "ALIAS_MOVED",
  });
  expect(await restoreAlias("support", "champion", options)).toMatchObject({ from: 2, to: 1 });
  await moveAlias("support@2", "trial", options);
  await dropAlias("support", "trial", options);
  expect(Object.keys(repository.refs)).not.toContain("support/trial");
});

it.runIf(hasPackages("huggingface_hub"))(
  "the Hub's client of Python asks the same addresses, and reads and makes the same refs",
  async () => {
    const commit = repository.refs["support/1"]!;
    const files = new HubFiles(parseHubReference("hf://owner/models", "model")!);
    const own = await files.refs();
    const before = hub.requests.length;
    const script = join(packageRoot, "test", "harness", "hub_refs.py");
    const { stdout } = await promisify(execFile)(python, [script, "owner/models", commit], { env: { ...process.env } });
    const asked = hub.requests.slice(before);
    const { seen, again, sha } = JSON.parse(stdout);
    const named = Object.entries(seen as Record<string, [string, string]>);
    expect(new Map(named.map(([name, [, target]]) => [name, target]))).toEqual(own);
    expect(seen["support/1"][0]).toBe("refs/tags/support/1");
    expect([again, sha]).toEqual([409, repository.refs["support/champion"]]);
    expect(await files.commitOf("client/1")).toBe(commit);
    await files.tag("client/1", commit); // there already
    await files.point("client/champion", commit);
    const [refs, tag, branch] = ["/refs", "/tag/", "/branch/"].map((part) => asked.find((path) => path.includes(part)));
    await files.refs();
    expect(hub.requests.slice(before + asked.length)).toEqual(expect.arrayContaining([refs, tag, branch]));
    await files.drop("client/champion");
    delete repository.refs["client/1"];
    repository.tags = repository.tags!.filter((each) => each !== "client/1");
  },
);

it("finds and fetches a checkpoint by version and alias", async () => {
  const { directory, revision } = await resolveReference("hf://owner/models@support/champion", "model");
  expect(revision).toBe(repository.refs["support/1"]);
  for (const file of ["model.safetensors", "config.json"]) {
    expect(readFileSync(join(directory, file)).equals(readFileSync(join(embeddedModel, file)))).toBe(true);
  }
});

it("moves an alias upon its parent commit alone: of two at the same time one is told", async () => {
  hub.meanwhile = () => {
    hub.meanwhile = undefined;
    const [file] = repository.files as [(typeof repository.files)[0]];
    const facts = { name: "support", at: "2026-11-28T00:00:00Z", by: "somebody else", reason: "" };
    const moved = { type: "alias-moved", alias: "champion", from: 1, to: 2, ...facts };
    hub.commit(repository, [{ ...file, content: Buffer.from(`${file.content}${JSON.stringify(moved)}\n`) }]);
  };
  await expect(moveAlias("support@1", "champion", { ...options, expect: 2 })).rejects.toMatchObject({
    code: "ALIAS_MOVED",
  });
  const raced = moveAlias("support@2", "champion", { ...options, expect: 1 });
  await expect(raced).rejects.toMatchObject({ code: "ALIAS_MOVED" });
  expect((await model()).aliases).toEqual({ champion: 2 });
  const { state } = await verifyVersions(options);
  expect(state).toBe(false); // the branch of the alias is where it was
  await moveAlias("support@2", "champion", options);
  expect(await verifyVersions(options)).toMatchObject({ state: true, versions: [{ damage: [] }, { damage: [] }] });
});

it("says what is damaged, what it cannot do, and never the token", async () => {
  const { stdout, stderr } = await bench(
    ["registry", "show", "support@champion", "--registry", options.registry],
    home,
  );
  expect(stdout).toContain("champion");
  expect(stdout + stderr).not.toContain(token);
  await expect(collectGarbage({ ...options, keep: 1 })).rejects.toMatchObject({ code: "CAPABILITY_MISSING" });
  await expect(openStore("hf://owner/models@branch")).rejects.toMatchObject({ code: "USAGE" });
  await expect((await openStore("hf://owner/nothing")).read()).rejects.toMatchObject({ code: "UNKNOWN_NAME" });
  const [file] = repository.files as [(typeof repository.files)[0]];
  hub.commit(repository, [{ ...file, content: Buffer.from(`${file.content}{"type":"invented"}\n`) }]);
  await expect(model()).rejects.toMatchObject({ code: "DATA_INVALID" });
  hub.commit(repository, [file]);
  vi.stubEnv("HF_TOKEN", "");
  repository.token = undefined!;
  await expect(add(embeddedModel)).rejects.toMatchObject({ code: "USAGE" });
});
