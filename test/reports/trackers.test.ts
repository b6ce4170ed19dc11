import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import { exportRun } from "../../harness/app/export/export-run.js";
import { crc32, crc32c } from "../../harness/contract/files/checksum.js";
import type { CostRecord } from "../../harness/contract/result.js";
import { loadRegistry } from "../../harness/plugins.js";
import { readRun } from "../../harness/run/store/store.js";
import { plainNames } from "../../reports/trackers/names.js";
import { readTrackedRun, type TrackedCell } from "../../reports/trackers/tracked-run.js";
import { DataStore } from "../../reports/trackers/wandb-store.js";
import { rooms } from "../../rooms.js";
import { anyText } from "../any-text.js";
import { newDirectory } from "../files.js";
import { hasPackages, python } from "../python.js";
import { wandbServer } from "./fixture/wandb-server.js";
import { writeFixtureRun } from "./fixture/write-run.js";

const directory = newDirectory();

const oracle = join(import.meta.dirname, "..", "oracle", "trackers");

async function inPython(script: string, argument: string, env: NodeJS.ProcessEnv = {}) {
  const given = [join(oracle, script), argument];
  const options = { cwd: directory, env: { ...process.env, ...env }, maxBuffer: 2 ** 28 };
  return JSON.parse((await promisify(execFile)(python, given, options)).stdout);
}

const source = join(directory, "run");
const run = writeFixtureRun(source, {
  orders: 2,
  seeds: 1,
  failing: "lora",
  observed: true,
  only: ["replay", "joint", "lora"],
  digests: false,
});
for (const { id, trainer } of run.cells) {
  if (trainer !== "replay") continue;
  const path = join(source, "cells", id, "cost.json");
  const cost: CostRecord = JSON.parse(readFileSync(path, "utf8"));
  cost.learning = ["stance", "policy"].map((task) => ({
    ...{ task, seconds: 1.5, steps: 5, finalLoss: 1, notes: {} },
    curve: [0, 3].map((step) => ({ step, loss: 2.5 / (step + 1), learningRate: 1e-4 })),
  }));
  writeFileSync(path, JSON.stringify(cost));
}
const registry = await loadRegistry(rooms);
const { cells } = readTrackedRun(source, { metrics: registry.allMetrics() });
const exported = (to: string) => exportRun(source, join(directory, to), { to }, registry);

/** All numbers of a cell by name, as [place, value]. */
function numbersOf({ series, summary }: TrackedCell): Record<string, [number, number][]> {
  const lines = series.map(({ name, points }) => [name, points.map(({ at, value }) => [at, value])]);
  return Object.fromEntries([...lines, ...Object.entries(summary).map(([name, value]) => [name, [[0, value]]])]);
}

test("a tracked cell has what was measured, over rows and over steps that go on from task to task", () => {
  const cell = cells.find(({ trainer }) => trainer === "replay")!;
  const matrix = readRun(source).matrices[cell.id]!;
  const series = Object.fromEntries(cell.series.map(({ name, axis, points }) => [name, { axis, points }]));
  expect(series[`score/${matrix.tasks[1]}`]).toEqual({
    axis: "row",
    points: matrix.rows.map((row, at) => ({ at, value: row[1] })),
  });
  expect(series["train/loss"]).toEqual({
    axis: "step",
    points: [0, 3, 5, 8].map((at, index) => ({ at, value: index % 2 === 0 ? 2.5 : 0.625 })),
  });
  const within = series[`within/${matrix.tasks[1]}`]!.points;
  expect(within.map(({ at }) => at)).toEqual(Array.from({ length: 15 }, (_, index) => 20 + index * 10));
  expect(within[0]!.value).toBe(matrix.rows[1]![1]);
  expect(cell.summary["metric/op"]).toBeCloseTo(
    matrix.rows.at(-1)!.reduce<number>((sum, x) => sum + x! / 8, 0),
    12,
  );
  expect(cell.summary).not.toHaveProperty("cost/cpuSeconds");
  expect(cell.parameters).toMatchObject({ "trainer.label": "replay", order: "order-1", seed: 1, quick: false });
});

test("checksums are those of the standards", () => {
  const digits = Buffer.from("123456789");
  expect([crc32(digits), crc32c(digits)]).toEqual([0xcbf43926, 0xe3069283]);
});

test("names of a tracker are distinct, also where case does not count, and never leave their folder", () => {
  fc.assert(
    fc.property(fc.array(anyText(90)), (names) => {
      const plain = plainNames(names, " ./-");
      expect(new Set(plain.map((name) => name.toLowerCase())).size).toBe(names.length);
      for (const name of plain) expect(name).toMatch(/^[\p{L}\p{N}_ ./-]{1,70}$/u);
      for (const part of plain.flatMap((name) => name.split("/"))) expect(part).not.toMatch(/[. ]$/);
    }),
    { numRuns: 30 },
  );
  expect(plainNames(["a b", "a?b", "A_b"], "")).toEqual(["a_b", "a_b_2", "A_b_3"]);
});

test("records of a W&B data store are whole after blocks have cut them", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(70_000), { minLength: 1, maxLength: 5 }), (sizes) => {
      const store = new DataStore();
      for (const size of sizes) store.add({ run: { notes: "x".repeat(size) } });
      expect(recordLengths(store.bytes())).toHaveLength(sizes.length);
      for (const [index, length] of recordLengths(store.bytes()).entries()) {
        expect(length - sizes[index]!).toBeGreaterThan(0);
        expect(length - sizes[index]!).toBeLessThan(20);
      }
    }),
    { numRuns: 20 },
  );
});

/** Reads LevelDB's log format, with the checksum of each piece. */
function recordLengths(bytes: Uint8Array): number[] {
  const file = Buffer.from(bytes);
  const lengths: number[] = [];
  let whole = 0;
  for (let at = 7; at < file.length; ) {
    if (32768 - (at % 32768) < 7) {
      at += 32768 - (at % 32768);
      continue;
    }
    const [crc, length, type] = [file.readUInt32LE(at), file.readUInt16LE(at + 4), file[at + 6]!];
    expect(crc32(file.subarray(at + 6, at + 7 + length))).toBe(crc);
    whole += length;
    at += 7 + length;
    if (type !== 1 && type !== 4) continue;
    lengths.push(whole);
    whole = 0;
  }
  return lengths;
}

describe("Parquet", async () => {
  const files = await exported("parquet");
  const rowsOf = async (name: string) => {
    const bytes = readFileSync(files.find((file) => file.endsWith(`${name}.parquet`))!);
    return parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) });
  };

  test("has the tables of the text export, and null where nothing was measured", async () => {
    const text = (await exported("csv")).filter((file) => file.endsWith(".jsonl"));
    expect(files.map((file) => file.replace(/.*[\\/]/, "").replace("parquet", "jsonl"))).toEqual(
      text.map((file) => file.replace(/.*[\\/]/, "")),
    );
    for (const path of text) {
      const lines = readFileSync(path, "utf8").trim().split("\n");
      const name = path.replace(/.*[\\/]/, "").replace(".jsonl", "");
      const rows = await rowsOf(name);
      const plain = (value: unknown) => (typeof value === "bigint" ? Number(value) : value);
      const found = lines.map((line, index) =>
        Object.keys(JSON.parse(line)).map((column) => [column, plain(rows[index]![column])]),
      );
      expect(found).toEqual(lines.map((line) => Object.entries(JSON.parse(line))));
      expect(rows).toHaveLength(lines.length);
    }
    const costs = await rowsOf("cells");
    expect(costs.map(({ status, cpuSeconds }) => [status, cpuSeconds])).toContainEqual(["failed", null]);
    expect(costs.filter(({ wallSeconds }) => wallSeconds === null)).toHaveLength(1);
  });

  test.skipIf(!hasPackages("pyarrow"))("opens in pyarrow with its types", async () => {
    const tables = await inPython("parquet_tables.py", join(directory, "parquet"));
    expect(tables.matrices.types).toEqual({
      ...{ cell: "string", trainer: "string", order: "string", seed: "int64", row: "int64", dataset: "string" },
      ...{ set: "string", score: "double", extracted: "double", valid: "double", n: "int64" },
    });
    const metrics = tables.metrics.rows as { cell: string; metric: string; value: number | null }[];
    for (const cell of cells.filter(({ status }) => status === "done")) {
      const own = metrics.filter((row) => row.cell === cell.id && row.value !== null);
      expect(Object.fromEntries(own.map(({ metric, value }) => [`metric/${metric}`, value]))).toEqual(
        Object.fromEntries(Object.entries(cell.summary).filter(([name]) => name.startsWith("metric/"))),
      );
    }
    expect(tables.predictions.types.valid).toBe("bool");
  });
});

test.skipIf(!hasPackages("tensorboard"))("TensorBoard reads scalars, parameters, states and the command", async () => {
  await exported("tensorboard");
  const runs = await inPython("tensorboard_runs.py", join(directory, "tensorboard"));
  expect(Object.keys(runs)).toHaveLength(cells.length);
  for (const cell of cells) {
    const { scalars, parameters, status, times, text } = runs[cell.name.replaceAll(" ", "_")];
    const single = (points: [number, number][]) => points.map(([at, value]) => [at, Math.fround(value)]);
    expect(scalars).toEqual(
      Object.fromEntries(Object.entries(numbersOf(cell)).map(([name, points]) => [name, single(points)])),
    );
    expect(parameters).toEqual(cell.parameters);
    expect(status).toBe(cell.status === "done" ? 1 : 2);
    expect(times).toEqual([cell.startTime / 1000, (cell.endTime ?? 0) / 1000]);
    expect(text["run/command"]).toContain(run.command);
  }
});

describe.skipIf(!hasPackages("mlflow"))("MLflow", () => {
  const texts = (parameters: object) =>
    Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));

  test("opens the file store, and its database after it was moved there", async () => {
    await exported("mlflow");
    const store = join(directory, "mlflow");
    const allowed = { MLFLOW_ALLOW_FILE_STORE: "true" };
    const database = `sqlite:///${join(directory, "mlflow.db")}`;
    const migrate = ["-m", "mlflow", "migrate-filestore", "--source", store, "--target", database];
    await promisify(execFile)(python, migrate, { cwd: directory, env: { ...process.env, ...allowed } });
    for (const address of [pathToFileURL(store).href, database]) {
      const runs = await inPython("mlflow_runs.py", address, allowed);
      expect(runs).toHaveLength(cells.length);
      for (const cell of cells) {
        const { id: _, metrics, ...found } = runs.find(({ id }: { id: string }) => id === cell.id);
        expect(metrics).toEqual(numbersOf(cell));
        expect(found).toEqual({
          experiment: `trace-seq ${run.id}`,
          name: cell.name,
          status: cell.status === "done" ? "FINISHED" : "FAILED",
          start: cell.startTime,
          end: cell.endTime,
          parameters: texts(cell.parameters),
          tags: { "bench.run": run.id, "bench.command": run.command, "bench.status": cell.status },
          artifacts: cell.files.map((file) => file.replace(/.*[\\/]/, "")).sort(),
        });
      }
    }
  });
});

test.skipIf(!hasPackages("wandb"))("`wandb sync` uploads history, summary, config, files and exit codes", async () => {
  const files = (await exported("wandb")).filter((file) => file.endsWith(".wandb"));
  const server = await wandbServer();
  const env = { ...process.env, WANDB_BASE_URL: server.address, WANDB_API_KEY: "a".repeat(40), HOME: directory };
  const sync = ["-m", "wandb", "sync", "--yes", ...files.map((file) => dirname(file))];
  await promisify(execFile)(python, sync, { cwd: directory, env }).finally(server.close);
  expect([...server.runs.keys()].sort()).toEqual(cells.map(({ id }) => id).sort());
  for (const cell of cells) {
    const { variables, history, files: uploaded, exitCode } = server.runs.get(cell.id)!;
    expect(variables).toMatchObject({ project: "trace-seq", displayName: cell.name, groupName: run.id });
    const config = JSON.parse(variables.config as string);
    for (const [name, value] of Object.entries(cell.parameters)) expect(config[name]).toEqual({ value });
    for (const { name, axis, points } of cell.series) {
      const place = axis === "row" ? "row" : "training_step";
      const found = history.flatMap((item) => (name in item ? [{ at: item[place], value: item[name] }] : []));
      expect(found).toEqual(points);
    }
    expect(JSON.parse(uploaded["wandb-summary.json"]!)).toMatchObject(cell.summary);
    if (cell.status === "done") expect(JSON.parse(uploaded["matrix.json"]!)).toMatchObject({ schema: "matrix@1" });
    expect(exitCode).toBe(cell.status === "done" ? 0 : 1);
  }
});

test("exporting twice gives the same files with the same bytes", async () => {
  for (const to of ["mlflow", "tensorboard", "wandb", "parquet"]) {
    const first = (await exported(to)).map((file) => [file, readFileSync(file)]);
    expect((await exported(to)).map((file) => [file, readFileSync(file)])).toEqual(first);
  }
  expect(readdirSync(directory)).toContain("parquet");
});
