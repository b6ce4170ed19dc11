import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { EngineDefinition, MachineSpeed } from "../../../harness/contract/engine.js";
import { machineSpeed } from "../../../harness/run/plan/machine-speed.js";
import { measureSpeed } from "../../../trainers/engine/onnx/speed.js";
import { newDirectory } from "../../files.js";

afterEach(() => vi.unstubAllEnvs());

const speed =
  (flopsPerSecond: number, undisturbed = true) =>
  async () => ({ flopsPerSecond, undisturbed });
const engine = (measure: () => Promise<MachineSpeed>, numerics = "engine@1") =>
  ({ name: "fixture", numerics, measureSpeed: measure }) as unknown as EngineDefinition;

/** As in a new process, which knows only what is in the cache. */
const freshly = (engine: EngineDefinition, device: string) => machineSpeed(engine, device, new Map());

test("the speed is measured once for a version of the engine, and again where the cache is damaged", async () => {
  const cache = newDirectory();
  vi.stubEnv("XDG_CACHE_HOME", cache);
  const measure = vi.fn(speed(4e10));
  expect(await freshly(engine(measure), "cpu")).toBe(4e10);
  expect(await freshly(engine(measure), "cpu")).toBe(4e10);
  expect(measure).toHaveBeenCalledTimes(1);
  expect(await freshly(engine(speed(5e10), "engine@2"), "cpu")).toBe(5e10);
  const files = readdirSync(join(cache, "bench"));
  expect(files).toHaveLength(2);
  for (const text of ["{", '{"flopsPerSecond":"fast"}', '{"flopsPerSecond":1e300}']) {
    for (const file of files) writeFileSync(join(cache, "bench", file), text);
    expect(await freshly(engine(speed(6e10)), "cpu")).toBe(6e10);
  }
  expect(files.map((file) => readFileSync(join(cache, "bench", file), "utf8"))).toContain(
    '{"flopsPerSecond":60000000000}\n',
  );
});

test("what was measured while other work used the core is not kept", async () => {
  const cache = newDirectory();
  vi.stubEnv("XDG_CACHE_HOME", cache);
  expect(await freshly(engine(speed(1e10, false)), "cpu")).toBe(1e10);
  expect(readdirSync(cache)).toEqual([]);
  expect(await freshly(engine(speed(4e10)), "cpu")).toBe(4e10);
});

test("nothing is measured on other devices or by engines that do not, and a cache that cannot be written is no error", async () => {
  const measure = vi.fn(speed(4e10));
  expect(await freshly(engine(measure), "cuda")).toBeUndefined();
  expect(await freshly({ name: "fixture", numerics: "none" } as EngineDefinition, "cpu")).toBeUndefined();
  expect(measure).not.toHaveBeenCalled();
  const file = join(newDirectory(), "file");
  writeFileSync(file, "no directory");
  vi.stubEnv("XDG_CACHE_HOME", file);
  expect(await freshly(engine(measure), "cpu")).toBe(4e10);
});

test("the embedded engine measures a possible speed", async () => {
  const { flopsPerSecond } = await measureSpeed();
  expect(flopsPerSecond).toBeGreaterThan(1e8);
  expect(flopsPerSecond).toBeLessThan(1e14);
});
