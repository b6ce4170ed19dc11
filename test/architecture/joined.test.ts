import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BenchError } from "../../harness/contract/errors.js";
import { packageRoot } from "../../harness/contract/files.js";
import { BenchError as ofTheApi } from "../../index.js";
import { BenchError as ofTheKit } from "../../kit.js";

test("modules that are loaded together are one file, and there is one instance of each", () => {
  const joined = readdirSync(join(packageRoot, "dist", "joined"));
  const compiled = readdirSync(join(packageRoot, "dist"), { recursive: true, encoding: "utf8" });
  const modules = compiled.filter((path) => path.endsWith(".js") && !path.startsWith("joined"));
  expect(joined.length).toBeLessThan(modules.length / 4);
  expect([ofTheApi, ofTheKit]).toEqual([BenchError, BenchError]);
});
