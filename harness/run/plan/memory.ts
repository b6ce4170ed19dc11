import { totalmem } from "node:os";
import type { RunConfig } from "../../contract/config.js";
import type { Checkpoint, EngineDefinition } from "../../contract/engine.js";
import { BenchError } from "../../contract/errors.js";
import { plural } from "../../contract/printable.js";
import type { TrainerRecord } from "../../contract/result.js";
import type { Suite } from "../../contract/suite.js";
import type { Registry } from "../../plugins.js";
import { inputTokens, textTokens } from "./estimate.js";

/** What a run is expected to hold in memory. An estimate by declared facts, in bytes. */
export interface MemoryPlan {
  /** Of one cell alone, by the trainer's label; null where trainer or engine do not say. */
  cells: Record<string, number | null>;
  /** Of the whole run at its peak, where every trainer is known. */
  total: number | null;
  /** What this machine, or the container that the process is in, has; null where cells are carried out elsewhere. */
  available: number | null;
  /** Cells at a time: as many as were asked for, or as fit. */
  workers: number;
  /** Why it is fewer than were asked for. */
  reason?: string;
}

/** Node and its libraries, and what every worker adds to them. */
const fixed = { process: 250e6, worker: 100e6 };

/** Of a process with one worker and no cell, in bytes. */
export const workerProcessBytes: number = fixed.process + fixed.worker;

/** Share of the memory that a run may plan with. */
const usable = 0.9;

/**
 * Says what the cells of a run need, and how many of them fit at a time.
 *
 * @param cells labels of the planned cells' trainers.
 * @param available bytes; this machine's unless given.
 * @throws CONFIG_INVALID where a single cell does not fit.
 */
export function planMemory(
  run: {
    /** The device is the one that is computed on, never `auto`. */
    config: Pick<RunConfig, "workers" | "device">;
    suite: Suite;
    trainers: readonly TrainerRecord[];
    cells: readonly { trainer: string }[];
    parameters: number;
    checkpoint: Checkpoint | undefined;
    engine: EngineDefinition | undefined;
    /** Tokens of an image. */
    imageTokens?: number;
  },
  registry: Pick<Registry, "trainer">,
  available: number = memoryHere(),
): MemoryPlan {
  let lengths: number[][] | undefined;
  const lengthsOnce = () => (lengths ??= exampleLengths(run.suite, run.imageTokens ?? 0));
  const found = new Map(run.trainers.map((trainer) => [trainer.label, needOf(trainer, run, lengthsOnce, registry)]));
  const needs = Object.fromEntries([...found].map(([label, need]) => [label, need?.bytes ?? null]));
  const known = run.cells.map(({ trainer }) => found.get(trainer) ?? { bytes: 0, own: 0 });
  known.sort((a, b) => b.own - a.own);
  /** The largest of one cell's whole need with what the largest others have of their own. */
  const peak = (workers: number) => {
    const together = known.map((first, index) => {
      const others = known
        .slice(0, workers)
        .filter((_, other) => other !== index)
        .slice(0, workers - 1);
      return others.reduce((sum, { own }) => sum + own + fixed.worker, first.bytes + fixed.worker);
    });
    return fixed.process + Math.max(0, ...together);
  };
  const [largest] = Object.entries(needs).sort(([, a], [, b]) => (b ?? 0) - (a ?? 0));
  if (peak(1) > available) {
    throw new BenchError(
      "CONFIG_INVALID",
      `a cell of "${largest![0]}" needs about ${gigabytes(peak(1))} of memory, and this machine has ${gigabytes(available)}`,
      {
        fix: "Take a smaller model, a trainer that holds less (such as lora), a smaller microBatch, or a larger machine.",
      },
    );
  }
  const asked = Math.min(run.config.workers, run.cells.length);
  let workers = asked;
  while (workers > 1 && peak(workers) > usable * available) workers -= 1;
  const plan: MemoryPlan = {
    cells: needs,
    total: Object.values(needs).includes(null) ? null : peak(workers),
    available: Number.isFinite(available) ? available : null,
    workers: workers < asked ? workers : run.config.workers,
  };
  if (workers === asked) return plan;
  const fewer = plural(workers, "worker");
  const reason = `${fewer} instead of ${asked}: more cells at a time would not fit in ${gigabytes(available)}`;
  return { ...plan, reason };
}

/**
 * Bytes of a cell, and those of them that it does not share with others. Computed off this machine's processors, its
 * vectors are not in this machine's memory alone.
 */
function needOf(
  { name, options }: TrainerRecord,
  { config, suite, parameters, checkpoint, engine }: Parameters<typeof planMemory>[0],
  lengths: () => readonly number[][],
  registry: Pick<Registry, "trainer">,
): { bytes: number; own: number } | null {
  const need = registry.trainer(name).memory?.(options, suite.tasks.length);
  if (need === undefined || checkpoint === undefined || engine?.memory === undefined || config.device !== "cpu") {
    return null;
  }
  const tokens = largestBatch(lengths(), need.batch, Number(options.maxTokens ?? Number.POSITIVE_INFINITY));
  const bytes = engine.memory(checkpoint, { ...need, parameters, tokens });
  return { bytes, own: bytes - (engine.sharedMemory?.(checkpoint, { ...need, parameters }) ?? 0) };
}

/** Tokens of each training example, task by task, the longest first. */
const exampleLengths = ({ tasks }: Suite, imageTokens: number): number[][] =>
  tasks.map(({ train }) =>
    train
      .map(({ input, references }) => inputTokens(input, imageTokens) + textTokens(references[0] ?? ""))
      .sort((a, b) => b - a),
  );

/** Tokens of the longest training examples of a task that are computed together, each cut to `longest`. */
function largestBatch(lengths: readonly number[][], batch: number, longest: number): number {
  const sums = lengths.map((task) => task.slice(0, batch).reduce((sum, length) => sum + Math.min(longest, length), 0));
  return Math.max(...sums);
}

/** The memory that this process may use: the machine's, or less where a container limits it. */
function memoryHere(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Bytes of memory for people. */
export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
