import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../../contract/errors.js";
import type {
  CellRecord,
  CostRecord,
  CurvesRecord,
  ExampleRecord,
  JournalEvent,
  MatrixRecord,
  RunRecord,
  SampleRecord,
  SyntheticRecord,
} from "../../contract/result.js";
import { type CellState, cellStates } from "./cell-state.js";
import { checkRecord } from "./check-record.js";
import { readJournal } from "./journal.js";
import { upgrade } from "./upgrade.js";

/** The files of a run directory. Paths of artifacts are relative to it, with `/` on every system. */
export const layout = {
  run: "run.json",
  journal: "journal.jsonl",
  examples: "examples.jsonl",
  evaluation: (key: string) => `evaluations/${key}.json`,
  cell: (cell: string) => `cells/${cell}`,
  matrix: (cell: string) => `cells/${cell}/matrix.json`,
  curves: (cell: string) => `cells/${cell}/curves.json`,
  cost: (cell: string) => `cells/${cell}/cost.json`,
  samples: (cell: string) => `cells/${cell}/samples.jsonl`,
  /** Only of a cell whose trainer wrote data for rehearsal. */
  synthetic: (cell: string) => `cells/${cell}/synthetic.jsonl`,
  row: (cell: string, row: number) => `cells/${cell}/rows/${row}.json`,
  checkpoints: (cell: string) => `cells/${cell}/checkpoint`,
  /** Holds `learner/`, what the learner saved, and `buffer.json`, the past data that the harness keeps for it. */
  checkpoint: (cell: string, row: number) => `cells/${cell}/checkpoint/${row}`,
};

/** A run directory as read back, finished or not. */
export interface StoredRun {
  directory: string;
  run: RunRecord;
  /** By cell id; finished cells only. */
  matrices: Record<string, MatrixRecord>;
  costs: Record<string, CostRecord>;
  /** Of those that were measured within tasks. */
  curves: Record<string, CurvesRecord>;
  /** By cell id; of those finished cells whose trainer wrote data for rehearsal. */
  synthetic: Record<string, SyntheticRecord[]>;
  cells: Record<string, CellState>;
  /** Planned cells without a matrix. */
  missing: CellRecord[];
  events: JournalEvent[];
  /** What had to be left out while reading, such as a torn last line of the journal. */
  notices: string[];
}

/** Reads a run directory, also while it is being written. Throws STORAGE where it contains no run, DATA_INVALID where a file is damaged. */
export function readRun(directory: string): StoredRun {
  const run = requireRunRecord(directory);
  const journal = join(directory, layout.journal);
  const { events, notices } = existsSync(journal) ? readJournal(journal) : { events: [], notices: [] };
  const cells = cellStates(run.cells, events);
  const matrices: Record<string, MatrixRecord> = {};
  const costs: Record<string, CostRecord> = {};
  const curves: Record<string, CurvesRecord> = {};
  const synthetic: Record<string, SyntheticRecord[]> = {};
  for (const { id } of run.cells) {
    if (cells[id]!.status !== "done") continue;
    matrices[id] = readJson<MatrixRecord>(join(directory, layout.matrix(id)));
    costs[id] = readJson<CostRecord>(join(directory, layout.cost(id)));
    const path = join(directory, layout.curves(id));
    if (existsSync(path)) curves[id] = readJson<CurvesRecord>(path);
    const sets = join(directory, layout.synthetic(id));
    if (existsSync(sets)) synthetic[id] = readJsonLines<SyntheticRecord>(sets);
  }
  const missing = run.cells.filter(({ id }) => matrices[id] === undefined);
  return { directory, run, matrices, costs, curves, synthetic, cells, missing, events, notices };
}

/** The record of the run in a directory. Throws STORAGE where there is none. */
export function requireRunRecord(directory: string): RunRecord {
  const run = readRunRecord(directory);
  if (run !== undefined) return run;
  throw new BenchError("STORAGE", `${directory} contains no run (there is no ${layout.run})`, {
    fix: "Give the directory that `bench run` printed, such as runs/<id>.",
    at: { file: join(directory, layout.run) },
  });
}

/** The record of the run in a directory; undefined where there is none. Throws DATA_INVALID where it breaks its schema. */
export function readRunRecord(directory: string): RunRecord | undefined {
  const path = join(directory, layout.run);
  return existsSync(path) ? checkRecord<RunRecord>("run", readJson(path), path) : undefined;
}

/** Every answer of a finished cell, in order of rows. */
export function readSamples(directory: string, cell: string): SampleRecord[] {
  return readJsonLines<SampleRecord>(join(directory, layout.samples(cell)));
}

/** Every question of a run with its references. */
export function readExamples(directory: string): ExampleRecord[] {
  return readJsonLines<ExampleRecord>(join(directory, layout.examples));
}

/** Parses a JSON file; a record of an earlier version gets the keys of today. Throws DATA_INVALID with its path. */
export function readJson<T>(path: string): T {
  try {
    return upgrade(JSON.parse(readFileSync(path, "utf8"))) as T;
  } catch (error) {
    throw damaged(path, error);
  }
}

function readJsonLines<T>(path: string): T[] {
  const lines = readText(path).split("\n");
  return lines.flatMap((text, index) => {
    if (text === "") return [];
    try {
      return [JSON.parse(text) as T];
    } catch (error) {
      throw damaged(path, error, index + 1);
    }
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw damaged(path, error);
  }
}

function damaged(path: string, cause: unknown, line?: number): BenchError {
  return new BenchError("DATA_INVALID", `a file of the run cannot be read: ${(cause as Error).message}`, {
    fix: "Restore the file from a copy, or run again in another directory with --out.",
    at: line === undefined ? { file: path } : { file: path, line },
    cause,
  });
}
