import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { addVersion } from "../../harness/app/registry/add-version.js";
import { collectGarbage, dropAlias, moveAlias, restoreAlias } from "../../harness/app/registry/aliases.js";
import { attachEvaluation, compareVersions, verifyVersions } from "../../harness/app/registry/evaluations.js";
import { packageRoot } from "../../harness/contract/files.js";
import type { RegistryEvent, VersionRecord } from "../../harness/contract/registry.js";
import { findVersion, ModelRegistry } from "../../harness/registry/model-registry.js";
import { applied, emptyState, modelIn } from "../../harness/registry/state.js";
import { Router } from "../../harness/serve/router.js";
import { rooms } from "../../rooms.js";
import { embeddedModel, newDirectory } from "../files.js";
import { writeFixtureRun } from "../reports/fixture/write-run.js";
import { bench } from "./cli/support.js";

const context = { builtIns: rooms };
let place: string;
let options: { registry: string; by: string };

beforeEach(() => {
  place = newDirectory();
  options = { registry: join(place, "registry"), by: "tester" };
});

/** A model that differs from the embedded one in a file that no digest of a model reads. */
function checkpoint(name: string): string {
  const directory = join(place, name);
  cpSync(embeddedModel, directory, { recursive: true });
  writeFileSync(join(directory, "README.md"), name);
  return directory;
}

const add = (name: string, from: string) => addVersion(name, from, options, context);
const read = () => modelIn(new ModelRegistry(options.registry).read(), "support");

describe("versions", () => {
  test("are numbered, whole copies of what was added; the same files are the same version", async () => {
    const first = checkpoint("first");
    writeFileSync(join(first, "optimizer.pt"), "state of a training");
    const added = await add("support", first);
    expect(added).toMatchObject({ known: false, leftOut: ["optimizer.pt"], version: { version: 1 } });
    for (const file of ["config.json", "model.safetensors"]) {
      expect(readFileSync(join(added.path, file)).equals(readFileSync(join(first, file)))).toBe(true);
    }
    expect(existsSync(join(added.path, "optimizer.pt"))).toBe(false);
    expect(await add("support", first)).toMatchObject({ known: true, version: { version: 1 } });
    expect(await add("support", checkpoint("second"))).toMatchObject({ known: false, version: { version: 2 } });
    expect((await compareVersions(options, "support@1", "support")).files).toMatchObject({
      changed: ["README.md"],
      added: [],
      removed: [],
    });
  });

  test("what is no model, a server or a name that is a number is refused, and nothing is written", async () => {
    mkdirSync(join(place, "empty"));
    await expect(add("support", join(place, "empty"))).rejects.toMatchObject({ code: "MODEL_INVALID" });
    await expect(add("support", "http://localhost:1/v1")).rejects.toMatchObject({ code: "USAGE" });
    await expect(add("12", embeddedModel)).rejects.toMatchObject({ code: "USAGE" });
    await expect(add("../x", embeddedModel)).rejects.toMatchObject({ code: "USAGE" });
    expect(existsSync(options.registry)).toBe(false);
  });

  test("a changed, a shortened and a missing file are found", async () => {
    const { path } = await add("support", embeddedModel);
    expect(await verifyVersions(options)).toEqual({
      versions: [{ name: "support", version: 1, damage: [] }],
      state: true,
    });
    appendFileSync(join(path, "config.json"), " ");
    expect((await verifyVersions(options, "support@1")).versions[0]!.damage).toEqual([
      expect.stringMatching(/^config\.json has \d+ bytes instead of \d+$/),
    ]);
    const again = await add("other", embeddedModel); // the same contents: stored anew where they were damaged
    expect(again.path).toBe(path);
    expect((await verifyVersions(options)).versions.every(({ damage }) => damage.length === 0)).toBe(true);
  });

  test("an evaluation of another model is refused, and a run that trains", async () => {
    await add("support", embeddedModel);
    writeFixtureRun(join(place, "run"), { orders: 1, seeds: 1 });
    await expect(attachEvaluation("support", join(place, "run"), options)).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("aliases", () => {
  beforeEach(async () => {
    await add("support", embeddedModel);
    await add("support", checkpoint("second"));
  });

  test("point at one version, go back, and hold what they point at and pointed at", async () => {
    expect(await moveAlias("support@1", "champion", options)).toMatchObject({ from: null, to: 1 });
    expect(await moveAlias("support@2", "champion", { ...options, expect: 1 })).toMatchObject({ from: 1, to: 2 });
    await add("support", checkpoint("third"));
    await add("support", checkpoint("fourth"));
    expect((await collectGarbage({ ...options, keep: 1, dryRun: true })).versions).toEqual([
      { name: "support", version: 3 },
    ]);
    expect(await collectGarbage({ ...options, keep: 1 })).toMatchObject({ contents: [expect.any(String)] });
    expect(read().versions.map(({ version }) => version)).toEqual([1, 2, 4]);
    expect(await restoreAlias("support", "champion", options)).toMatchObject({ from: 2, to: 1 });
    expect(findVersion(new ModelRegistry(options.registry).read(), "support@champion").version.version).toBe(1);
    expect((await verifyVersions(options)).versions).toHaveLength(3);
    expect(await dropAlias("support", "champion", options)).toMatchObject({ from: 1, to: null });
    expect((await add("support", checkpoint("fifth"))).version.version).toBe(5);
  });

  test("of many that would move an alias from the same place, one does", async () => {
    await moveAlias("support@1", "champion", options);
    const moves = Array.from({ length: 8 }, () => moveAlias("support@2", "champion", { ...options, expect: 1 }));
    const settled = await Promise.allSettled(moves);
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const move of settled) {
      if (move.status === "rejected") expect(move.reason).toMatchObject({ code: "ALIAS_MOVED" });
    }
  });

  test("a reason that the schema of the log refuses is not written", async () => {
    const reason = "x".repeat(3000);
    await expect(moveAlias("support@1", "champion", { ...options, reason })).rejects.toMatchObject({
      code: "DATA_INVALID",
    });
    expect(read().aliases).toEqual({});
  });

  test("at what does not exist, or named like a version, are refused", async () => {
    await expect(moveAlias("support@9", "champion", options)).rejects.toMatchObject({ code: "UNKNOWN_NAME" });
    await expect(moveAlias("support@1", "3", options)).rejects.toMatchObject({ code: "USAGE" });
    await expect(restoreAlias("support", "champion", options)).rejects.toMatchObject({ code: "UNKNOWN_NAME" });
    await expect(moveAlias("constructor@1", "champion", options)).rejects.toMatchObject({ code: "UNKNOWN_NAME" });
  });
});

test("killed at any instant, the log is whole, and state and files follow from it", async () => {
  const script = join(place, "writer.mjs");
  const dist = (path: string) => pathToFileURL(join(packageRoot, "dist", path)).href;
  writeFileSync(
    script,
    `import { addVersion } from ${JSON.stringify(dist("harness/app/registry/add-version.js"))};
import { moveAlias } from ${JSON.stringify(dist("harness/app/registry/aliases.js"))};
import { rooms } from ${JSON.stringify(dist("rooms.js"))};
import { cpSync, writeFileSync } from "node:fs";
const options = ${JSON.stringify(options)};
const from = ${JSON.stringify(join(place, "changing"))};
cpSync(${JSON.stringify(embeddedModel)}, from, { recursive: true });
for (let turn = 0; ; turn++) {
  writeFileSync(from + "/README.md", process.argv[2] + "." + turn);
  const { version } = await addVersion("support", from, options, { builtIns: rooms });
  await moveAlias("support@" + version.version, "champion", options);
  process.stdout.write(version.version + "\\n");
}
`,
  );
  let told = 0;
  for (let round = 0; round < 3; round++) {
    const writer = spawn(process.execPath, [script, String(round)], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise<void>((enough) => {
      let lines = 0;
      writer.stdout.on("data", (data: Buffer) => {
        for (const line of data.toString().trim().split("\n")) told = Math.max(told, Number(line));
        lines += 1;
        if (lines >= 2 + round) enough();
      });
    });
    writer.kill("SIGKILL");
    await once(writer, "close");
    const { versions, aliases } = read();
    expect(versions.length).toBeGreaterThanOrEqual(told); // what was told is there
    expect(versions.map(({ version }) => version)).toEqual(versions.map((_, index) => index + 1));
    expect(aliases.champion).toBeGreaterThanOrEqual(told);
    expect((await verifyVersions(options)).versions.every(({ damage }) => damage.length === 0)).toBe(true);
  }
  await collectGarbage({ ...options, keep: 1000 });
  expect(new Set(readdirSync(join(options.registry, "models")))).toEqual(
    new Set(read().versions.map(({ content }) => content)),
  );
  expect((await verifyVersions(options)).state).toBe(true);
});

describe("the log", () => {
  const version = (number: number): VersionRecord => ({
    ...{ name: "m", version: number, content: "0".repeat(64), files: [] },
    ...{ model: { digest: "d", parameters: 1, architecture: "a" }, at: "", by: "", reason: "" },
  });
  const move = (from: number | null, to: number | null): RegistryEvent => ({
    ...{ type: "alias-moved", name: "m", alias: "champion", from, to, at: "", by: "", reason: "" },
  });

  test("what cannot follow is DATA_INVALID: versions out of turn, moves from elsewhere, deletions of what is held", () => {
    const one = applied(emptyState(), { type: "version-added", version: version(1) });
    const refused: RegistryEvent[] = [
      { type: "version-added", version: version(1) },
      { type: "version-added", version: version(3) },
      move(1, null),
      move(null, 2),
      { type: "version-deleted", name: "m", version: 2, at: "", by: "", reason: "" },
    ];
    for (const event of refused)
      expect(() => applied(one, event)).toThrow(expect.objectContaining({ code: "DATA_INVALID" }));
    const held = applied(one, move(null, 1));
    const deletion: RegistryEvent = { type: "version-deleted", name: "m", version: 1, at: "", by: "", reason: "" };
    expect(() => applied(held, deletion)).toThrow("holds");
  });

  test("an alias points at the version of its last move, and the way back at that before (a law)", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 }), (targets) => {
        let state = emptyState();
        for (let number = 1; number <= 4; number++)
          state = applied(state, { type: "version-added", version: version(number) });
        let from: number | null = null;
        for (const to of targets) {
          state = applied(state, move(from, to));
          from = to;
        }
        const { aliases, former } = modelIn(state, "m");
        expect(aliases.champion).toBe(targets.at(-1));
        expect(former.champion).toBe(targets.at(-2));
      }),
    );
  });

  test("a torn last line is dropped, and every command that reads the log says so, once", async () => {
    await add("support", embeddedModel);
    const log = join(options.registry, "log.jsonl");
    appendFileSync(log, '{"sequence":1,"checksum":"12');
    const note = `note: ${log}:2: the last line was torn (the process was killed while writing); dropped it\n`;
    const registry = ["--registry", options.registry];
    for (const words of [
      ["list", "support"],
      ["show", "support"],
      ["path", "support"],
      ["diff", "support@1", "support@1"],
      ["verify"],
      ["gc", "--dry-run"],
      ["alias", "support@1", "champion", "--by", "tester", "--reason", "first"],
    ])
      expect(await bench(["registry", ...words, ...registry], place)).toMatchObject({ code: 0, stderr: note });
    expect((await bench(["registry", "list", ...registry], place)).stderr).toBe(""); // a writer cuts it off
    const heard: string[] = [];
    appendFileSync(log, "{");
    new Router(
      options.registry,
      ["support"],
      () => {},
      (text) => heard.push(text),
    );
    expect(heard).toEqual([expect.stringContaining("log.jsonl:3: the last line was torn")]);
  });

  test("a damaged line is refused with its place", async () => {
    await add("support", embeddedModel);
    await add("support", checkpoint("second"));
    const log = join(options.registry, "log.jsonl");
    writeFileSync(log, readFileSync(log, "utf8").replace('"tester"', '"someone"'));
    expect(() => read()).toThrow(expect.objectContaining({ code: "DATA_INVALID", at: { file: log, line: 1 } }));
  });
});
