import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../../contract/errors.js";
import { isIntactSeal } from "../../contract/files/seal.js";
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
import { checkCurves, checkMatrix, checkRun } from "./check-results.js";
import { changed, parsed, readBytes } from "./file-content.js";
import { type JournalContent, readJournal } from "./journal.js";
import { RunFiles } from "./run-files.js";
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

/** Of whatever reads runs. */
export interface ReadingOptions {
  /** Takes what was left out while reading, and what no digest protects. */
  notice?(text: string): void;
}

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
  /** What had to be left out while reading, such as a torn last line of the journal, and what no digest protects. */
  notices: string[];
  files: RunFiles;
}

/**
 * Reads a run directory, also while it is being written. Every file that is read is compared with its digest.
 *
 * @throws STORAGE where it contains no run, DATA_INVALID where a file is damaged or was changed.
 */
export function readRun(directory: string): StoredRun {
  if (!existsSync(join(directory, layout.run))) throw noRun(directory);
  const { events, notices } = readEvents(directory);
  const files = new RunFiles(directory, events);
  const run = checkRun(files.json("run", layout.run), join(directory, layout.run));
  const cells = cellStates(run.cells, events);
  const matrices: Record<string, MatrixRecord> = {};
  const costs: Record<string, CostRecord> = {};
  const curves: Record<string, CurvesRecord> = {};
  const synthetic: Record<string, SyntheticRecord[]> = {};
  for (const cell of run.cells) {
    const { id } = cell;
    if (cells[id]!.status !== "done") continue;
    const place = (path: string) => join(directory, path);
    matrices[id] = checkMatrix(files.json("matrix", layout.matrix(id)), run, cell, place(layout.matrix(id)));
    costs[id] = files.json("cost", layout.cost(id));
    const path = layout.curves(id);
    if (files.has(path)) curves[id] = checkCurves(files.json("curves", path), run, cell, place(path));
    if (files.has(layout.synthetic(id))) synthetic[id] = files.lines("synthetic", layout.synthetic(id));
  }
  const missing = run.cells.filter(({ id }) => matrices[id] === undefined);
  notices.push(...unprotectedNotices(run.cells, cells, files));
  return { directory, run, matrices, costs, curves, synthetic, cells, missing, events, notices, files };
}

/** Says which finished cells no digest protects; nothing where all are. */
export function unprotectedNotices(
  cells: readonly CellRecord[],
  states: Readonly<Record<string, CellState>>,
  files: RunFiles,
): string[] {
  const unprotected = cells.filter(({ id }) => states[id]!.status === "done" && !files.isProtected(id)).length;
  if (unprotected === 0) return [];
  return [
    `${unprotected} of ${cells.length} cells are of a version of bench that stored no digests: if someone changed their results, nothing shows it`,
  ];
}

/** The result files of a run directory, for those who read no more of it than these. */
export const openRunFiles = (directory: string): RunFiles => new RunFiles(directory, readEvents(directory).events);

/** The events of a run's journal; none where there is no journal. Throws DATA_INVALID. */
export function readEvents(directory: string): Pick<JournalContent, "events" | "notices"> {
  const journal = join(directory, layout.journal);
  if (!existsSync(journal)) return { events: [], notices: [] };
  const { events, notices } = readJournal(journal);
  return { events: checkEvents(events, journal), notices };
}

/** The events of a run's journal, each checked by its schema. Throws DATA_INVALID with the line. */
export const checkEvents = (events: readonly unknown[], journal: string): JournalEvent[] =>
  events.map((event, index) => checkRecord("event", event, journal, index + 1));

/** The result files of a finished cell. */
export function resultFiles(files: RunFiles, cell: string): string[] {
  const further = [layout.curves(cell), layout.synthetic(cell)].filter((path) => files.has(path));
  return [layout.matrix(cell), layout.cost(cell), layout.samples(cell), ...further];
}

/** The record of the run in a directory. Throws STORAGE where there is none. */
export function requireRunRecord(directory: string): RunRecord {
  const run = readRunRecord(directory);
  if (run === undefined) throw noRun(directory);
  return run;
}

function noRun(directory: string): BenchError {
  return new BenchError("STORAGE", `${directory} contains no run (there is no ${layout.run})`, {
    fix: "Give the directory that `bench run` printed, such as runs/<id>.",
    at: { file: join(directory, layout.run) },
  });
}

/** The run directories at a path: itself, or those in it; none where it is no directory. */
export function runsIn(path: string): string[] {
  if (existsSync(join(path, layout.run))) return [path];
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(path)
    .map((name) => join(path, name))
    .filter((directory) => existsSync(join(directory, layout.run)));
}

/** The record of the run in a directory; undefined where there is none. Throws DATA_INVALID where it breaks its schema. */
export function readRunRecord(directory: string): RunRecord | undefined {
  const path = join(directory, layout.run);
  return existsSync(path) ? checkRun(readJson(path), path) : undefined;
}

/** Every answer of a finished cell, in order of rows. Throws DATA_INVALID. */
export const readSamples = (files: RunFiles, cell: string): SampleRecord[] =>
  files.lines("sample", layout.samples(cell));

/** Every question of a run with its references. Throws DATA_INVALID. */
export const readExamples = (files: RunFiles): ExampleRecord[] => files.lines("example", layout.examples);

/**
 * Parses a JSON file; a record of an earlier version gets the keys of today, and one with its own digest loses it.
 *
 * @throws DATA_INVALID where it cannot be read, or is not what its digest is of.
 */
export const readJson = <T>(path: string): T => readSealedJson<T>(path).record;

/** The same, and whether the file contains its own digest. */
export function readSealedJson<T>(path: string): { record: T; isProtected: boolean } {
  const text = readBytes(path).toString("utf8");
  const content = parsed(text, path);
  const intact = isIntactSeal(text);
  if (intact === false) throw changed(path);
  if (intact === undefined) return { record: upgrade(content) as T, isProtected: false };
  const { sha256: _sha256, ...record } = content as { sha256: string };
  return { record: upgrade(record) as T, isProtected: true };
}
