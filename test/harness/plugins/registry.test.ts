import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { BenchError } from "../../../harness/contract/errors.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { checkPlugin, checkSchemas } from "../../../harness/plugins/check-plugin.js";
import { resolveSpecifier } from "../../../harness/plugins/specifier.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { fixture } from "../cli/support.js";

const url = (name: string) => pathToFileURL(fixture(name)).href;

const refused = (specifiers: string[]): Promise<BenchError> =>
  loadRegistry(specifiers).then(
    () => expect.fail("it was accepted"),
    (thrown) => thrown,
  );

describe("one door for all plug-ins", () => {
  it("finds what a module registers, and the scorers of the harness", async () => {
    const registry = await loadRegistry([fixture("majority.mjs")]);
    expect(registry.trainer("majority").needs({ buffer: 5 }).pastData).toEqual({ buffer: 5 });
    expect(registry.origin("trainers", "majority")).toBe(fixture("majority.mjs"));
    expect(registry.trainersOf(fixture("majority.mjs"))).toEqual(["majority"]);
    expect(registry.allScorers().length).toBeGreaterThan(0);
  });

  it("holds built-in plug-ins to what it asks of others", async () => {
    for (const room of ["trainers", "suites", "reports"]) {
      const file = join(packageRoot, "dist", room, "index.js");
      const { plugin } = await import(pathToFileURL(file).href);
      expect(() => checkSchemas(checkPlugin(plugin, file), file)).not.toThrow();
    }
  });

  it("runs trainers of a path in another process, those of a file URL in this one", async () => {
    const pids = [];
    for (const specifier of [fixture("majority.mjs"), url("majority.mjs")]) {
      const trainer = (await loadRegistry([specifier])).trainer("majority");
      const learner = await trainer.create({
        model: "",
        device: "cpu",
        threads: 1,
        seed: 1,
        options: {},
        tasks: [],
        quick: false,
      });
      const buffer = { capacity: 0, items: () => [], set: () => {} };
      const report = await learner.learn(
        { index: 0, tasks: [], pastValidation: [], generalItems: [] },
        { buffer, cancelled: () => false, progress: () => {} },
      );
      pids.push(report.notes.process);
      await learner.release();
    }
    expect(pids[0]).not.toBe(process.pid);
    expect(pids[1]).toBe(process.pid);
  });

  it("resolves an npm package from the user's directory, ESM-only ones included", async () => {
    const directory = mkdtempSync(join(tmpdir(), "bench-package-"));
    const root = join(directory, "node_modules", "@lab", "methods");
    mkdirSync(join(root, "lib"), { recursive: true });
    mkdirSync(join(directory, "deep"));
    writeFileSync(join(root, "package.json"), '{"type":"module","exports":{".":{"import":{"default":"./lib/a.js"}}}}');
    writeFileSync(join(root, "lib", "a.js"), "export const plugin = {};");
    expect(resolveSpecifier("@lab/methods", join(directory, "deep"))).toMatchObject({
      kind: "module",
      path: join(root, "lib", "a.js"),
    });
    expect(() => resolveSpecifier("@lab/other", directory)).toThrowError(/there is no package "@lab\/other"/);
  });

  it("takes a command line apart as a shell does", () => {
    expect(resolveSpecifier(`command:python3 "my file.py" --x='a "b"' c\\ d ""`)).toEqual({
      kind: "command",
      words: ["python3", "my file.py", '--x=a "b"', "c d", ""],
    });
    expect(() => resolveSpecifier('command:python3 "my')).toThrowError(/quote that does not end/);
    expect(() => resolveSpecifier("command: ")).toThrowError(/names no program/);
  });

  it("suggests the name that was meant", async () => {
    const registry = await loadRegistry([fixture("majority.mjs")]);
    expect(() => registry.trainer("majorty")).toThrowError(
      expect.objectContaining({ code: "UNKNOWN_NAME", fix: 'Did you mean "majority"?' }),
    );
    expect(() => registry.suite("x")).toThrowError(expect.objectContaining({ fix: "There are none." }));
  });
});

describe("a plug-in that cannot be taken", () => {
  it("registers a name that is taken: both places are named", async () => {
    const error = await refused([fixture("majority.mjs"), fixture("duplicate.mjs")]);
    expect(error.code).toBe("DUPLICATE_NAME");
    expect(error.message).toContain(fixture("majority.mjs"));
    expect(error.message).toContain(fixture("duplicate.mjs"));
  });

  it.each([
    ["throws-on-import.mjs", "nothing here"],
    ["exits-on-import.mjs", "exited with code 0"],
    ["unknown-hook.mjs", 'unknown key "trainer"'],
    ["wrong-schema.mjs", "no JSON schema"],
    [
      "not-erasable.ts",
      Reflect.get(process.features, "typescript") ? "enum" : "not-erasable.ts:2:8: TypeScript enum is not supported",
    ],
  ])("%s", async (name, part) => {
    const error = await refused([fixture(name)]);
    expect(error.code).toBe("PLUGIN_INVALID");
    expect(error.message).toContain(part);
    expect(error.at?.file ?? error.message).toContain(name);
  });

  it("hangs while it is imported, without hanging the harness", async () => {
    vi.stubEnv("BENCH_PLUGIN_TIMEOUT", "1");
    onTestFinished(() => void vi.unstubAllEnvs());
    const error = await refused([fixture("hangs-on-import.mjs")]);
    expect(error).toMatchObject({ code: "PLUGIN_INVALID", at: { file: fixture("hangs-on-import.mjs") } });
    expect(error.message).toContain("was silent for 1 s");
  });

  it("is not there", async () => {
    expect((await refused(["./nowhere.mjs"])).message).toContain("there is no plug-in at");
  });
});
