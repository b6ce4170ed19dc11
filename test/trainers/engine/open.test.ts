import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { openModel } from "../../../trainers/engine/open.js";

test("a model that lacks a part of the core is refused, with the names of what it lacks", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "bench-engine-")), "partial.mjs");
  const members = "tokenizer: { encode() {}, decode() {} }, optimizer: { reset() {} }, step() {}";
  writeFileSync(
    file,
    `const engine = { name: "partial", version: "1", numerics: "partial@1", probe: async () => [], capabilities: () => [] };
    export const plugin = { engines: [{ ...engine, open: async () => ({ ${members} }) }] };`,
  );
  const choice = {
    name: "partial",
    module: pathToFileURL(file).href,
    checkpoint: { format: "any", architecture: "Any", directory: "/nowhere" },
  };
  const opened = openModel({ engine: choice, model: "/nowhere", device: "cpu", threads: 1, seed: 1 });
  await expect(opened).rejects.toMatchObject({
    code: "PLUGIN_INVALID",
    message: expect.stringMatching(
      /"partial" opens a model without tokenizer\.encodeTemplate, trainable, .*optimizer\.save/,
    ),
  });
});
