import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pathInside } from "../../../harness/contract/files/foreign-path.js";
import { sealed } from "../../../harness/contract/files/seal.js";
import type { RunRecord } from "../../../harness/contract/result.js";
import { publishedText } from "../../../harness/run/store/published-run.js";
import { readRun } from "../../../harness/run/store/store.js";
import { findWeights } from "../../../trainers/model/weights.js";
import { newDirectory } from "../../files.js";
import { writeFixtureRun } from "../../reports/fixture/write-run.js";
import { bench } from "../cli/support.js";

describe("a path from a foreign name", () => {
  const root = join(sep, "data", "place");
  const part = fc.oneof(
    fc.constantFrom("..", ".", "", "a", "NUL", "con.txt", "a\\b", "C:", "x\u0000", " ", "a."),
    fc.string(),
  );

  test("is below its directory, or a coded error", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        const name = parts.join("/");
        try {
          const path = pathInside(root, name);
          expect(path.startsWith(root + sep)).toBe(true);
          expect(path).toBe(root + sep + name.replaceAll("/", sep));
        } catch (error) {
          expect(error).toMatchObject({ code: "DATA_INVALID" });
        }
      }),
    );
  });

  test.each([
    "",
    "..",
    "a/../../b",
    "/etc/passwd",
    "a//b",
    "a\\..\\b",
    "C:/x",
    "nul",
    "LPT1.txt",
    "a\nb",
    "x".repeat(300),
  ])("is not made of %j", (name) =>
    expect(() => pathInside(root, name)).toThrow(expect.objectContaining({ code: "DATA_INVALID" })),
  );

  test.each(["config.json", "onnx/model.onnx", ".gitattributes", "a b/ü.json", "command.js"])("is made of %j", (name) =>
    expect(pathInside(root, name)).toBe(join(root, name)),
  );
});

describe("names in records", () => {
  /** A run whose record was changed by whoever it came from. */
  function changed(change: (run: RunRecord) => void): string {
    const directory = join(newDirectory(), "run");
    const run = writeFixtureRun(directory, { orders: 1, seeds: 1, only: ["ewc"], digests: false });
    change(run);
    writeFileSync(join(directory, "run.json"), JSON.stringify(run));
    return directory;
  }

  test("a run whose name leaves its place is refused by every verb", async () => {
    const directory = changed((run) => {
      run.id = "../../outside";
    });
    const root = join(directory, "..");
    for (const words of [
      ["report", directory],
      ["export", directory],
      ["compare", directory, directory],
      ["validate", directory],
      ["gate", directory, "--margin", "op=0.1"],
      ["claims", "--run", directory],
      ["leaderboard", directory, "--out", "board"],
    ]) {
      const { code, stderr } = await bench(words, root);
      const refused = { code: 2, stderr: expect.stringMatching(/DATA_INVALID|no baseline/) };
      expect({ words, code, stderr }).toMatchObject(refused);
    }
    expect(readdirSync(root)).toEqual(["run"]);
  });

  test.each(["/tmp/outside", "a/b", "a\\b", "", "..", "-a", "x".repeat(200)])("no run is called %j", (id) => {
    const directory = changed((run) => {
      run.id = id;
    });
    expect(() => readRun(directory)).toThrow(expect.objectContaining({ code: "DATA_INVALID" }));
  });

  test("a cell whose id leaves the run is refused", async () => {
    const directory = changed((run) => {
      run.cells[0]!.id = "../../../outside";
    });
    const { code, stderr } = await bench(["report", directory], join(directory, ".."));
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/cells\.0\.id[\s\S]*DATA_INVALID/),
    });
    expect(existsSync(join(directory, "report"))).toBe(false);
  });

  test("a published run that would overwrite a file outside the leaderboard is refused", async () => {
    const root = newDirectory();
    const run = writeFixtureRun(join(root, "run"), { orders: 1, seeds: 1, only: ["ewc"] });
    const published = publishedText(readRun(join(root, "run")));
    mkdirSync(join(root, "theirs", "runs"), { recursive: true });
    writeFileSync(join(root, "mine.json"), "kept");
    const refused = async (text: string, message: RegExp) => {
      const forged = text.startsWith("{") ? sealed(text.replace(/"sha256":"\w+",/, "").trimEnd()) : text;
      writeFileSync(join(root, "theirs", "runs", "theirs.json"), forged);
      const { code, stderr } = await bench(["leaderboard", "theirs", "--out", "board"], root);
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
      expect(readFileSync(join(root, "mine.json"), "utf8")).toBe("kept");
    };
    await refused(published.replace(`"id":"${run.id}"`, '"id":"../../mine"'), /"id"[\s\S]*DATA_INVALID/);
    await refused(published.replace(/"rows":\[\[0?\.?\d+/, '"rows":[[7.5'), /rows[\s\S]*DATA_INVALID/);
    await refused(published.replace(`{"${run.cells[0]!.id}":`, '{"../../mine":'), /does not plan[\s\S]*DATA_INVALID/);
    await refused("null", /no published run[\s\S]*DATA_INVALID/);
  });

  test("a model's index that names a file elsewhere is refused", () => {
    const directory = newDirectory();
    for (const file of ["..", "..\\secret.safetensors", "C:secret"]) {
      writeFileSync(join(directory, "model.safetensors.index.json"), JSON.stringify({ weight_map: { a: file } }));
      expect(() => findWeights(directory)).toThrow(expect.objectContaining({ code: "MODEL_INVALID" }));
    }
  });
});
