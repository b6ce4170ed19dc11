import { beforeAll, describe, expect, test } from "vitest";
import type { TrainerRecord } from "../../../harness/contract/result.js";
import type { Suite } from "../../../harness/contract/suite.js";
import { loadRegistry, type Registry } from "../../../harness/plugins.js";
import { planMemory } from "../../../harness/run/plan/memory.js";
import { planRun } from "../../../harness/run/plan/plan.js";
import { rooms } from "../../../rooms.js";
import { baseModelDirectory } from "../../../suites/complete-suite.js";
import { visionModelDirectory } from "../../../suites/mm-seq/generate.js";
import { newDirectory } from "../../files.js";
import { configure } from "./support.js";

let registry: Registry;
beforeAll(async () => {
  registry = await loadRegistry(rooms);
});

const example = { id: "1", input: [{ type: "text", text: "x".repeat(300) }], references: ["y"] };
const suite = { tasks: [{ train: Array.from({ length: 20 }, () => example) }] } as unknown as Suite;

function plan(
  trainers: string[],
  workers: number,
  available: number,
  device = "cpu",
  options = {},
  directory = baseModelDirectory,
) {
  const records = trainers.map((name) => ({
    label: name,
    name,
    options: { batchSize: 16, monitor: true, ...options },
  }));
  const checkpoint = { format: "llama", architecture: "Qwen2ForCausalLM", directory };
  return planMemory(
    {
      ...{ config: { workers, device }, suite, parameters: 100e6, checkpoint, engine: registry.engine("onnx") },
      trainers: records as unknown as TrainerRecord[],
      cells: [...records, ...records].map(({ label: trainer }) => ({ trainer })),
    },
    registry,
    available,
  );
}

describe("the memory of a run", () => {
  test("grows with what a method holds: nothing trained, an adapter, all, and anchors", () => {
    const { cells } = plan(["frozen", "lora", "sequential", "ewc", "si"], 1, 1e12);
    const [frozen, lora, sequential, ewc, si] = Object.values(cells) as [number, number, number, number, number];
    expect(frozen).toBeLessThan(lora);
    expect(lora).toBeLessThan(sequential);
    expect(sequential - lora).toBeCloseTo(4 * 100e6 * 4.8, -3); // gradient, two moments and 0.8 for their making, the monitor's base
    expect(ewc - sequential).toBeCloseTo(4 * 100e6 * 4, -3);
    expect(si).toBeGreaterThan(ewc);
  });

  test("counts weights that stay in their files once for all workers, those that are changed for each", () => {
    const shared = (trainer: string) => {
      const total = (workers: number) => plan([trainer], workers, 1e12).total!;
      return plan([trainer], 1, 1e12).cells[trainer]! + 100e6 - (total(2) - total(1));
    };
    const weights = process.platform === "win32" ? 0 : 4 * 100e6;
    expect(["frozen", "lora", "o-lora", "sequential"].map(shared)).toEqual([weights, weights, 0, 0]);
    const mixed = plan(["lora", "o-lora"], 4, 1e12);
    const { lora, "o-lora": stacked } = mixed.cells as { lora: number; "o-lora": number };
    expect(mixed.total).toBe(250e6 + 4 * 100e6 + 2 * lora + 2 * stacked - weights);
  });

  test("counts what a vision tower keeps of a batch's pictures", () => {
    const need = (directory: string, batchSize: number) =>
      plan(["sequential"], 1, 1e12, "cpu", { batchSize }, directory).cells.sequential!;
    const growth = (directory: string) => need(directory, 32) - need(directory, 16);
    expect(growth(visionModelDirectory)).toBeGreaterThan(growth(baseModelDirectory) + 16 * 1e5);
  });

  test("lowers the workers to those that fit, and says so; fewer cells are no reason", () => {
    const one = plan(["sequential"], 1, 1e12).total!;
    const lowered = plan(["sequential"], 2, 1.5 * one);
    expect(lowered).toMatchObject({ workers: 1, total: one });
    expect(lowered.reason).toContain("1 worker instead of 2");
    expect(plan(["sequential"], 2, 3 * one)).toMatchObject({ workers: 2 });
    expect(plan(["sequential"], 8, 3 * one)).not.toHaveProperty("reason");
  });

  test("refuses a cell that cannot fit, by its trainer", () => {
    expect(() => plan(["frozen", "ewc"], 1, 2e9)).toThrow(/a cell of "ewc" needs about 4\.\d GB .* has 2\.0 GB/);
    expect(() => plan(["frozen"], 1, 2e9)).not.toThrow();
  });

  test("is that of the device which auto becomes", async () => {
    const engine = { ...registry.engine("onnx"), probe: async () => [{ device: "cpu", available: true, detail: "" }] };
    const here = Object.assign(Object.create(registry) as Registry, {
      allEngines: () => [engine],
      engine: () => engine,
    });
    const memory = async (device: string) => {
      const config = configure(newDirectory(), { suite: { name: "trace-seq", options: {} }, device }, "lora");
      return (await planRun(config, here, rooms, "bench run")).memory;
    };
    const planned = await memory("auto");
    expect(planned.total).toBeGreaterThan(1e8);
    expect(planned).toEqual(await memory("cpu"));
  });

  test("is not known for a trainer that does not say, or on another device", () => {
    expect(plan(["endpoint"], 1, 1e9)).toMatchObject({ cells: { endpoint: null }, total: null, workers: 1 });
    expect(plan(["ewc"], 1, 1e9, "cuda")).toMatchObject({ cells: { ewc: null }, total: null });
  });
});
