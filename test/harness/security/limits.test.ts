import { expect, test } from "vitest";
import { readConfig, resolveConfig } from "../../../harness/config/index.js";
import { limits } from "../../../harness/config/limits.js";
import { configSchema } from "../../../harness/config/schema.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { rooms } from "../../../rooms.js";
import { newDirectory } from "../../files.js";
import { bench } from "../cli/support.js";

const huge = "999999999";
const registry = await loadRegistry(rooms);

test.each([
  ["run", "trace-seq", "--seeds", huge],
  ["run", "trace-seq", "--workers", huge],
  ["run", "trace-seq", "--seeds", "1000000", "--dry-run"],
  ["claims", "trace-seq", "--max-orders", huge],
  ["tune", "ewc", "--candidates", huge],
  ["evaluate", "model", "--concurrency", huge],
  ["watch", "models", "--interval", huge],
  ["gate", "run", "--max-orders", huge],
  ["run", "trace-seq", "--seeds", "1e3"],
])("%s %s %s %s is a usage error that names the limits", async (...words) => {
  const { code, stderr } = await bench(words, newDirectory());
  expect(code).toBe(2);
  expect(stderr).toMatch(/USAGE[\s\S]*fix: Give a (?:whole )?number/);
});

test("a program has the limits of a file", () => {
  const properties = configSchema.properties as unknown as Record<string, { maximum?: number; anyOf?: object[] }>;
  for (const [name, most] of Object.entries(limits)) {
    const { maximum, anyOf } = properties[name]!;
    expect(maximum ?? (anyOf![0] as { maximum: number }).maximum).toBe(most);
    for (const wrong of [most + 1, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      const { message, code } = catchError(() => readConfig(undefined, { [name]: wrong }));
      expect({ message, code }).toEqual({ message: expect.stringContaining(name), code: "CONFIG_INVALID" });
    }
    if (name !== "evaluateItems") expect(() => readConfig(undefined, { [name]: most, trainers: ["a"] })).not.toThrow();
  }
});

test("nor is the whole grid larger than can be planned", () => {
  const request = readConfig(undefined, { reference: "trace-seq", trainers: ["frozen"], orders: 1000, seeds: 101 });
  expect(catchError(() => resolveConfig(request, registry))).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("101000 cells"),
  });
});

function catchError(action: () => unknown): { code?: string; message?: string } {
  try {
    action();
  } catch (error) {
    return error as { code: string; message: string };
  }
  return {};
}
