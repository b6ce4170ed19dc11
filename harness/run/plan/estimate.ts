import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import type { PriceSettings, RunConfig } from "../../contract/config.js";
import { canonicalJson } from "../../contract/digest.js";
import type { CostRecord, RunRecord, TrainerRecord } from "../../contract/result.js";
import { type Example, imagesIn, inputText, type Part, type Suite } from "../../contract/suite.js";
import type { TrainerDefinition } from "../../contract/trainer.js";
import { layout, readJson, readRunRecord } from "../store/store.js";
import type { PlannedCell } from "./cells.js";
import { stagesOf } from "./stages.js";

/** What a run is expected to take. An estimate, never a promise. */
export interface RunEstimate {
  /** Wall time of the whole run on its workers, while nothing else computes on this machine. */
  seconds: number;
  /** The range that the time is expected in. */
  low: number;
  high: number;
  /** Time of all cells together, each on a device of its own, in hours. */
  deviceHours: { low: number; high: number };
  /** What that costs, where the configuration says what an hour does. */
  money?: { low: number; high: number; currency?: string };
  /** Disk space that it leaves behind. */
  bytes: number;
  /** Where the figures come from, for people. */
  basis: string;
  /** Labels of the trainers that the cost model stands for, as none of their cells is finished. */
  modeled: string[];
  /** Seconds of each cell, by id. */
  cells: Record<string, number>;
}

type Effort = ReturnType<NonNullable<TrainerDefinition["effort"]>>;

interface CellEstimate {
  /** Alone on a processor. */
  seconds: number;
  checkpointBytes: number;
  measured: boolean;
}

/**
 * The declared cost model for trainers that were never run here: 6 FLOPs a parameter and token learned, 2 a token read
 * or generated (Kaplan et al., 2001.08361, section 2.1), at a share of the speed of this machine's cores in products of
 * matrices, or of that of the machine that the model was made on; and a state that is written and read after each task.
 * For texts of three bytes a token and answers of half their limit it is within a factor of 1.7 of the time of the default
 * trainers on trace-seq, and within 1.5 for a Llama of 50 M parameters.
 */
const modeled = {
  speed: 90e9,
  efficiency: 0.61,
  stateBytesPerSecond: 0.5e9,
  bytesPerToken: 3,
  examplesPerStep: 16,
  bytesPerSample: 250,
};

/** How far the truth may be from an estimate, as factors: by finished cells, and by the cost model. */
const ranges = { measured: { low: 0.8, high: 1.4 }, modeled: { low: 0.6, high: 1.7 } };

/** Of a processor's time, which is all that a cell takes on an idle machine, but for files. */
const wallOverProcessor = 1.1;

/** Estimates by finished cells of the same trainer, suite and model next to this run, else by the declared cost model. */
export async function estimateRun(run: {
  directory: string;
  config: RunConfig;
  record: RunRecord;
  suite: Suite;
  cells: PlannedCell[];
  /** The trainers' efforts by label; plain training where there is none. */
  efforts?: Readonly<Record<string, Effort | undefined>>;
  /** Tokens of an image. */
  imageTokens?: number;
  /** See `machineSpeed`; asked for where the cost model is needed. */
  speed?: () => Promise<number | undefined>;
}): Promise<RunEstimate> {
  const stored = storedCosts(dirname(run.directory), run.record);
  const measured = run.record.trainers.map((trainer) => measuredCell(stored, trainer));
  const speed = measured.includes(undefined) ? await run.speed?.() : undefined;
  const flopsPerSecond = modeled.efficiency * (speed ?? modeled.speed);
  const byTrainer = new Map(
    run.record.trainers.map((trainer, i) => [
      trainer.label,
      measured[i] ?? modeledCell(run, trainer, flopsPerSecond, run.efforts?.[trainer.label]),
    ]),
  );
  const cells: Record<string, number> = {};
  let bytes = 0;
  for (const { record, trainer, start } of run.cells) {
    const cell = byTrainer.get(trainer.label)!;
    const stages = stagesOf(trainer.schedule, run.suite.tasks.length, start);
    const kept = { all: stages.length - 1, last: 1, none: 0 }[run.config.keepCheckpoints];
    cells[record.id] = cell.seconds;
    bytes += kept * cell.checkpointBytes + stages.length * answersOf(run.suite) * modeled.bytesPerSample;
  }
  const guessed = [...byTrainer].filter(([, cell]) => !cell.measured).map(([label]) => label);
  const seconds = makespan(Object.values(cells), parallel(run.config));
  const { low, high } = guessed.length === 0 ? ranges.measured : ranges.modeled;
  const hours = ((run.config.devicesPerCell ?? 1) * sum(Object.values(cells))) / 3600;
  const { price } = run.config;
  return {
    seconds,
    low: low * seconds,
    high: high * seconds,
    deviceHours: { low: low * hours, high: high * hours },
    ...(price && { money: priced(low * hours, high * hours, price) }),
    bytes,
    basis:
      guessed.length === 0
        ? "finished cells of the same trainers in neighboring runs"
        : `a rough cost model (${Math.round(flopsPerSecond / 1e9)} GFLOP/s a core, ${speed === undefined ? "assumed" : "by this machine's measured speed"})`,
    modeled: guessed,
    cells,
  };
}

function priced(low: number, high: number, { perHour, currency }: PriceSettings): RunEstimate["money"] {
  return { low: perHour * low, high: perHour * high, ...(currency !== undefined && { currency }) };
}

/** What some of the cells are expected to take: their share of the run's time and money. */
export function shareOf(
  { cells, low, high, deviceHours, money }: RunEstimate,
  left: readonly { record: { id: string } }[],
): Pick<RunEstimate, "low" | "high" | "deviceHours" | "money"> {
  const all = sum(Object.values(cells));
  const share = all === 0 ? 1 : sum(left.map(({ record }) => cells[record.id]!)) / all;
  const part = <Range extends { low: number; high: number }>(range: Range): Range => ({
    ...range,
    low: share * range.low,
    high: share * range.high,
  });
  return { ...part({ low, high }), deviceHours: part(deviceHours), ...(money && { money: part(money) }) };
}

function measuredCell(stored: { trainer: TrainerRecord; cost: CostRecord }[], trainer: TrainerRecord) {
  const wanted = canonicalJson([trainer.name, trainer.version, trainer.options]);
  const costs = stored
    .filter(({ trainer: { name, version, options } }) => canonicalJson([name, version, options]) === wanted)
    .map(({ cost }) => cost);
  if (costs.length === 0) return undefined;
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    seconds: mean(costs.map(idleSeconds)),
    checkpointBytes: mean(costs.map((cost) => cost.checkpointBytes)),
    measured: true,
  };
}

/** What a cell takes where nothing else computes: its processor's time, where other work kept it from the processor. */
function idleSeconds({ wallSeconds, cpuSeconds }: CostRecord): number {
  return cpuSeconds === null || cpuSeconds === 0 ? wallSeconds : Math.min(wallSeconds, wallOverProcessor * cpuSeconds);
}

/** Costs of finished cells in the run directories next to this one that learned the same suite from the same model. */
function storedCosts(parent: string, run: RunRecord): { trainer: TrainerRecord; cost: CostRecord }[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent).flatMap((name) => {
    try {
      const directory = join(parent, name);
      const other = readRunRecord(directory);
      return other !== undefined && comparable(other, run) ? costsOf(directory, other) : [];
    } catch {
      return []; // A damaged neighbor has nothing to say about the time that this run takes.
    }
  });
}

function comparable(other: RunRecord, run: RunRecord): boolean {
  return (
    other.suite.digest === run.suite.digest &&
    other.model.digest === run.model.digest &&
    other.environment.device === run.environment.device &&
    other.environment.threads === run.environment.threads &&
    other.source?.digest === run.source?.digest &&
    canonicalJson(other.config.observation ?? null) === canonicalJson(run.config.observation ?? null)
  );
}

function costsOf(directory: string, run: RunRecord): { trainer: TrainerRecord; cost: CostRecord }[] {
  return run.cells.flatMap((cell) => {
    const trainer = run.trainers.find(({ label }) => label === cell.trainer)!;
    const path = join(directory, layout.cost(cell.id));
    return existsSync(path) ? [{ trainer, cost: readJson<CostRecord>(path) }] : [];
  });
}

function modeledCell(
  { suite, record, imageTokens = 0 }: { suite: Suite; record: RunRecord; imageTokens?: number },
  trainer: TrainerRecord,
  flopsPerSecond: number,
  { training, answering }: Effort = { training: 1, answering: 1 },
): CellEstimate {
  const { parameters } = record.model;
  const before = record.source?.learned ?? [];
  const stages = stagesOf(trainer.schedule, suite.tasks.length).slice(before.length);
  const ahead = suite.tasks.filter(({ id }) => trainer.schedule === "joint" || !before.includes(id));
  const learned = trainer.schedule === "once" ? 0 : sum(ahead.map((task) => trainingTokens(task, imageTokens)));
  const answered = sum([
    ...suite.tasks.map((task) => answeringTokens(task.test, task.maxNewTokens, imageTokens)),
    ...suite.probes.map((probe) => answeringTokens(probe.examples, probe.maxNewTokens, imageTokens)),
  ]);
  const flops = parameters * (6 * learned * training + 2 * answered * answering * stages.length);
  const state = trainer.schedule === "once" ? 0 : (12 * parameters * stages.length) / modeled.stateBytesPerSecond;
  return { seconds: flops / flopsPerSecond + state, checkpointBytes: 4 * parameters, measured: false };
}

function trainingTokens(task: Suite["tasks"][number], imageTokens: number): number {
  const once = sum(
    task.train.map(({ input, references }) => inputTokens(input, imageTokens) + textTokens(references[0]!)),
  );
  if (task.trainingSteps === undefined) return once;
  return (once / task.train.length) * task.trainingSteps * modeled.examplesPerStep;
}

function answeringTokens(examples: Example[], maxNewTokens: number, imageTokens: number): number {
  return sum(examples.map(({ input }) => inputTokens(input, imageTokens) + maxNewTokens / 2));
}

function answersOf(suite: Suite): number {
  return sum(suite.tasks.map(({ test }) => test.length)) + sum(suite.probes.map(({ examples }) => examples.length));
}

/** Cells that compute at a time: here no more than the processors allow. */
function parallel({ workers, threads, on }: RunConfig): number {
  if (on !== undefined) return workers;
  return Math.min(workers, Math.max(1, Math.floor(availableParallelism() / threads)));
}

/** When the last worker is done if each takes the longest cell that is left. */
function makespan(seconds: number[], workers: number): number {
  const busy = new Array<number>(workers).fill(0);
  for (const cell of [...seconds].sort((a, b) => b - a)) busy[busy.indexOf(Math.min(...busy))]! += cell;
  return Math.max(...busy);
}

/** Tokens of a text, roughly. */
export const textTokens = (text: string): number => Buffer.byteLength(text) / modeled.bytesPerToken;
const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

/** The same of an input with images. */
export function inputTokens(input: readonly Part[], imageTokens: number): number {
  return textTokens(inputText(input)) + imageTokens * imagesIn(input);
}
