import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { torchEngine } from "../../../../trainers/engine/torch/index.js";
import { findPython } from "../../../../trainers/engine/torch/python.js";
import { temporaryDirectory } from "../../model/tiny-model.js";

const installs = { code: "ENGINE_UNAVAILABLE", fix: expect.stringContaining("bench engine install torch") };

/** A program that answers as an interpreter with these packages would. */
function interpreter(python: string, packages: Record<string, string | null>): string {
  const path = join(temporaryDirectory(), "python");
  writeFileSync(path, `#!/bin/sh\necho '${JSON.stringify({ python, packages })}'\n`);
  chmodSync(path, 0o755);
  return path;
}

const current = { torch: "2.13.0+cpu", transformers: "5.24.0", peft: "0.22.0" };

test.skipIf(process.platform === "win32")(
  "what is missing or too old is refused, with the command that mends it",
  async () => {
    const refused = (path: string, message: string) =>
      expect(findPython(path)).rejects.toMatchObject({ ...installs, message: expect.stringContaining(message) });
    await refused("/nowhere/python", "/nowhere/python is no Python that works");
    await refused(interpreter("3.11.2", { ...current, peft: null }), "has no peft.");
    await refused(
      interpreter("3.11.2", { ...current, torch: "2.4.1" }),
      "has torch 2.4.1; the engine needs 2.11 or later",
    );
    await refused(interpreter("3.8.1", current), "is Python 3.8.1; the engine needs 3.10 or later");
    expect(await findPython(interpreter("3.11.2", current))).toMatchObject({ packages: current });
  },
);

test.skipIf(process.platform === "win32")("versions and type of the weights are part of the numerics", async () => {
  const python = interpreter("3.11.2", current);
  const numerics = async (dtype?: string) =>
    (await torchEngine([]).prepare!({ device: "cpu", dtype, python })).numerics;
  expect(await numerics()).toBe("torch@5 torch-2.13.0+cpu transformers-5.24.0 peft-0.22.0 float32");
  expect(await numerics("bfloat16")).toMatch(/bfloat16$/);
});
