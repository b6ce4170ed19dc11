import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadRegistry } from "../../../harness/plugins.js";
import { executeRun } from "../../../harness/run/execute.js";
import { planRun } from "../../../harness/run/plan/plan.js";

/**
 * What carrying out a cell takes beside the cell: cells that sleep, by each engine of ON (local,processes,http://…:8265,
 * slurm), CELLS of them with WORKERS at a time, each MILLISECONDS long. PYTHON: Python with ray on the cluster's head.
 */
const cells = Number(process.env.CELLS ?? 200);
const workers = Number(process.env.WORKERS ?? 2);
const milliseconds = Number(process.env.MILLISECONDS ?? 0);
const engines = (process.env.ON ?? "local,processes").split(",");

const plugins = ["./plugin.js", "../../../launchers/index.js", "../../../reports/index.js"].map(
  (file) => new URL(file, import.meta.url).href,
);
const directory = mkdtempSync(join(tmpdir(), "bench-carry-"));
const model = join(directory, "model");
mkdirSync(model);
writeFileSync(join(model, "nap.txt"), "awake");

/** Bytes and files below a path. */
function sizeOf(path: string): { files: number; bytes: number } {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  return { files: files.length, bytes };
}

async function measure(on: string): Promise<object> {
  const out = join(directory, on.replace(/\W+/g, "-"));
  const python = process.env.PYTHON;
  const registry = await loadRegistry(plugins);
  const twins = Math.ceil(cells / 1000);
  const plan = await planRun(
    {
      ...(on === "local" ? {} : { on }),
      ...(python !== undefined &&
        on !== "local" &&
        !/^(processes|slurm)$/.test(on) && { remote: { options: { python } } }),
      ...{ suite: { name: "nap", options: {} }, model, seeds: Math.ceil(cells / twins), orders: 1 },
      trainers: Array.from({ length: twins }, (_, twin) => ({
        ...{ name: "nap", label: `nap-${twin}`, options: { milliseconds, twin } },
      })),
      ...{ workers, threads: 1, device: "cpu", quick: true, out, retryFailed: false, plugins: [] },
      ...{ keepCheckpoints: "none", alerts: undefined },
    },
    registry,
    plugins,
  );
  const started = performance.now();
  let first: number | undefined;
  let done = 0;
  const show = (event: { type: string; text?: string }): void => {
    if (event.type === "notice") process.stderr.write(`${event.text}\n`);
    if (event.type !== "cell-finished") return;
    first ??= performance.now();
    done += 1;
    if (done % 500 === 0)
      process.stderr.write(`${on}: ${done} cells, ${Math.round((performance.now() - started) / 1000)} s\n`);
  };
  const cpu = process.cpuUsage();
  const outcome = await executeRun(plan, { display: { show, close: () => undefined } });
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const reporting = performance.now();
  await registry.reporter("html").render(out, join(out, "report"), { metrics: registry.allMetrics() });
  const total = plan.cells.length;
  return {
    ...{ on, cells: total, status: outcome.status, seconds },
    startSeconds: (first! - started) / 1000,
    cellsPerSecond: (total - 1) / (seconds - (first! - started) / 1000),
    coordinatorCpuPerCell: (user + system) / 1e6 / total,
    bytesPerCell: sizeOf(join(out, "cells")).bytes / total,
    journalBytesPerCell: statSync(join(out, "journal.jsonl")).size / total,
    reportSeconds: (performance.now() - reporting) / 1000,
  };
}

try {
  for (const on of engines) console.log(JSON.stringify(await measure(on)));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
