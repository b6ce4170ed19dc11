import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunConfig } from "../../contract/config.js";
import { canonicalJson } from "../../contract/digest.js";
import { BenchError } from "../../contract/errors.js";
import type { ModelRecord, SourceRecord, TrainerRecord } from "../../contract/result.js";
import type { Order, Suite } from "../../contract/suite.js";
import type { Registry } from "../../plugins.js";
import { layout } from "../store/store.js";
import type { Source } from "./source.js";

/** Where a cell starts that goes on from another one. */
export interface Start {
  /** Run and cell that it goes on from. */
  directory: string;
  cell: string;
  /** The row that it starts at; its rows before that are carried over. */
  row: number;
  before: number[];
  /** Whether the learner is restored with all that it kept, not only its weights. */
  whole: boolean;
  /** Model directory that the learner is created with. */
  base: string;
}

/** What the learner is restored from; nothing where it starts from weights alone. */
export function startCheckpoint({ directory, cell, row, whole }: Start): string | undefined {
  return whole ? join(directory, layout.checkpoint(cell, row)) : undefined;
}

/** A configuration with what it leaves out taken from the cell that it goes on from: trainer, seed and model. */
export function continuedConfig(config: RunConfig, { run, cell, trainer }: Source): RunConfig {
  if (config.orders !== 1) {
    throw new BenchError("CONFIG_INVALID", `a sequence that goes on has one order, not ${config.orders}`, {
      fix: "Leave --orders out: what was learned comes first, then the suite's other tasks.",
    });
  }
  const own = { label: trainer.label, name: trainer.name, options: trainer.options };
  const model = config.model ?? (run.config.model as string | undefined);
  return {
    ...config,
    trainers: config.trainers.length > 0 ? config.trainers : [own],
    seeds: Array.isArray(config.seeds) && config.seeds.length === 0 ? [cell.seed] : config.seeds,
    ...(model === undefined ? {} : { model }),
  };
}

/**
 * What was learned, then the suite's other tasks; by the suite's own name for that order where it has one.
 *
 * @throws CONFIG_INVALID where the suite lacks a learned task, or has no other.
 */
export function continuedOrder(suite: Suite, { learned, cell }: Source): Order {
  const ids = suite.tasks.map(({ id }) => id);
  const lacking = learned.filter((task) => !ids.includes(task));
  if (lacking.length > 0) {
    throw new BenchError("CONFIG_INVALID", `the suite "${suite.name}" lacks what was learned: ${lacking.join(", ")}`, {
      fix: `Give a suite with the tasks ${learned.join(", ")} and those to learn now; it has ${ids.join(", ")}.`,
    });
  }
  const tasks = [...learned, ...ids.filter((task) => !learned.includes(task))];
  if (tasks.length === learned.length) {
    throw new BenchError("CONFIG_INVALID", `nothing is left to learn: cell ${cell.id} has learned every task`, {
      fix: "Give a suite with a further task, or go on from an earlier one: <run directory>/<cell id>:<task>.",
    });
  }
  return suite.orders.find((order) => order.tasks.join("\n") === tasks.join("\n")) ?? { name: "continued", tasks };
}

/**
 * How each trainer starts. The cell's own trainer, with its options, is restored whole; every other starts from the
 * checkpoint's weights, and so does one that does not learn in sequence.
 *
 * @param model the base model of this run. Throws MODEL_INVALID where it is not the one that was trained.
 */
export async function startsOf(
  source: Source,
  trainers: readonly TrainerRecord[],
  model: { directory: string; record: ModelRecord },
  registry: Registry,
): Promise<{ record: SourceRecord; starts: Map<string, Start> }> {
  if (model.record.digest !== source.run.model.digest) {
    throw new BenchError("MODEL_INVALID", `the model is not the one that cell ${source.cell.id} was trained from`, {
      fix: `Leave --model out, or give ${source.run.model.reference}.`,
      at: { file: model.directory },
    });
  }
  const { directory, run, cell, row, before, digest, learned } = source;
  const ownBase = run.source?.bases[cell.trainer] ?? model.directory;
  const starts = new Map<string, Start>();
  let weights: string | undefined;
  for (const trainer of trainers) {
    const whole = isSame(trainer, source.trainer);
    if (!whole) weights ??= await weightsOf(source, ownBase, registry);
    starts.set(trainer.label, { directory, cell: cell.id, row, before, whole, base: whole ? ownBase : weights! });
  }
  const record: SourceRecord = {
    directory,
    run: run.id,
    cell: cell.id,
    trainer: cell.trainer,
    order: cell.order,
    seed: cell.seed,
    learned,
    digest,
    restored: trainers.flatMap(({ label }) => (starts.get(label)!.whole ? [label] : [])),
    bases: Object.fromEntries([...starts].map(([label, { base }]) => [label, base])),
  };
  return { record, starts };
}

function isSame(trainer: TrainerRecord, other: TrainerRecord): boolean {
  const identity = ({ name, version, code, options }: TrainerRecord) => canonicalJson({ name, version, code, options });
  return trainer.schedule === "sequence" && identity(trainer) === identity(other);
}

/** The model in a checkpoint: a separate directory, or an adapter behind the base that it was trained on. */
export async function weightsOf({ directory, cell, row }: Source, base: string, registry: Registry): Promise<string> {
  const learner = join(directory, layout.checkpoint(cell.id, row), "learner");
  const places = [join(learner, "model"), learner].filter((place) => existsSync(place));
  for (const model of places.flatMap((place) => [`${base}::${place}`, place])) {
    const format = registry.allModels().find((candidate) => candidate.recognizes(model));
    const usable = await format?.inspect(model).then(
      () => true,
      () => false,
    );
    if (usable) return model;
  }
  throw new BenchError(
    "MODEL_INVALID",
    `trainer "${cell.trainer}" saves no model that another trainer can start from`,
    {
      fix: `Go on with that trainer and its options: leave --trainers out.`,
      at: { file: learner },
    },
  );
}

/**
 * Throws CONFIG_INVALID where another engine computed the source: the state of a trainer is laid out as its engine has it.
 *
 * @param engine name of the engine of this run; undefined for none.
 */
export function checkEngine({ cell, run }: Source, engine: string | undefined): void {
  const before = run.numerics.split(":")[0]!;
  if (before === (engine ?? "none")) return;
  throw new BenchError(
    "CONFIG_INVALID",
    `cell ${cell.id} was computed by the engine "${before}", this run by ${engine === undefined ? "none" : `"${engine}"`}`,
    { fix: `Add --engine ${before}, or name other trainers: they start from the checkpoint's weights.` },
  );
}
