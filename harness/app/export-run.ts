import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { BenchError } from "../contract/errors.js";
import type { CellRecord, ExampleRecord, MatrixRecord, SampleRecord } from "../contract/result.js";
import { layout, readRun, type StoredRun } from "../run/store/store.js";
import { csvLine } from "./csv.js";

/**
 * Writes predictions and matrices of a run as JSONL and CSV.
 *
 * @param exactCsv leaves text in CSV as it is, also what a spreadsheet would take for a formula.
 * @returns the paths of the files.
 */
export function exportRun(directory: string, out: string, { exactCsv = false } = {}): string[] {
  const stored = readRun(directory);
  mkdirSync(out, { recursive: true });
  const table: Opener = (name, columns) => new TwoFiles(join(out, name), columns, !exactCsv);
  return [
    ...exportMatrices(stored, table),
    ...exportCurves(stored, table),
    ...exportPredictions(stored, table),
    ...exportSynthetic(stored, table),
  ];
}

/** A table as `<name>.jsonl` and `<name>.csv`, written record by record. */
class TwoFiles {
  readonly paths: string[];
  private readonly files: number[];

  constructor(
    path: string,
    private readonly columns: readonly string[],
    private readonly forSpreadsheet: boolean,
  ) {
    this.paths = [`${path}.jsonl`, `${path}.csv`];
    for (const old of this.paths) rmSync(old, { force: true }); // a link there is not followed
    this.files = this.paths.map((file) => openSync(file, "wx"));
    writeSync(this.files[1]!, csvLine(columns, false));
  }

  write(record: object): void {
    writeSync(this.files[0]!, `${JSON.stringify(record)}\n`);
    writeSync(
      this.files[1]!,
      csvLine(
        this.columns.map((column) => textOf((record as Record<string, unknown>)[column])),
        this.forSpreadsheet,
      ),
    );
  }

  close(): string[] {
    for (const file of this.files) closeSync(file);
    return this.paths;
  }
}

/** Several values in one field are separated by a bar. */
const textOf = (value: unknown): never => (Array.isArray(value) ? value.join(" | ") : value) as never;

type Opener = (name: string, columns: readonly string[]) => TwoFiles;

const cellColumns = ["cell", "trainer", "order", "seed"];

/** One record for each measured score: a task or a probe at one row. */
function exportMatrices(stored: StoredRun, open: Opener): string[] {
  const table = open("matrices", [...cellColumns, "row", "dataset", "set", "score", "extracted", "valid", "n"]);
  for (const cell of stored.run.cells) {
    const matrix = stored.matrices[cell.id];
    if (matrix !== undefined) for (const record of scoresOf(cell, matrix)) table.write(record);
  }
  return table.close();
}

function* scoresOf(cell: CellRecord, matrix: MatrixRecord): Generator<object> {
  const { id, trainer, order, seed } = cell;
  for (const [row, scores] of matrix.rows.entries()) {
    const at = { cell: id, trainer, order, seed, row };
    for (const [column, set] of matrix.tasks.entries()) {
      const more = {
        extracted: matrix.extracted[row]?.[column] ?? null,
        valid: matrix.valid[row]?.[column] ?? null,
        n: matrix.n[row]?.[column] ?? null,
      };
      yield { ...at, dataset: "test", set, score: scores[column] ?? null, ...more };
      const shifted = matrix.shifted[row]?.[column] ?? null;
      if (shifted !== null) yield { ...at, dataset: "shifted", set, score: shifted };
    }
    for (const [set, probe] of Object.entries(matrix.probes)) {
      yield { ...at, dataset: "probe", set, score: probe[row] ?? null, n: matrix.probeN[set] ?? null };
    }
  }
}

/** One record for each score within a task; no files where nothing was measured there. */
function exportCurves({ run, curves }: StoredRun, open: Opener): string[] {
  if (Object.keys(curves).length === 0) return [];
  const table = open("curves", [...cellColumns, "row", "learns", "step", "set", "score", "n"]);
  for (const { id: cell, trainer, order, seed } of run.cells) {
    const { tasks = [], n = [], segments = [] } = curves[cell] ?? {};
    for (const { row, learns, points } of segments) {
      for (const { step, scores } of points) {
        const at = { cell, trainer, order, seed, row, learns: learns.join("+"), step };
        for (const [column, set] of tasks.entries()) {
          if (scores[column] !== null) table.write({ ...at, set, score: scores[column], n: n[column] });
        }
      }
    }
  }
  return table.close();
}

/** One record for each answer, with its question and references. */
function exportPredictions(stored: StoredRun, open: Opener): string[] {
  const examples = new Map<string, ExampleRecord>();
  for (const example of jsonLines<ExampleRecord>(join(stored.directory, layout.examples))) {
    examples.set(keyOf(example), example);
  }
  const table = open("predictions", [
    ...cellColumns,
    ...[
      "row",
      "dataset",
      "set",
      "id",
      "output",
      "score",
      "extracted",
      "valid",
      "finishReason",
      "evidence",
      "references",
      "input",
    ],
  ]);
  for (const { id, trainer, order, seed } of stored.run.cells) {
    const path = join(stored.directory, layout.samples(id));
    if (!existsSync(path)) continue;
    for (const sample of jsonLines<SampleRecord>(path)) {
      const { id: item, ...rest } = sample;
      const example = examples.get(keyOf(sample));
      const question = { references: example?.references.join(" | "), input: example?.input };
      table.write({ cell: id, trainer, order, seed, ...rest, id: item, ...question });
    }
  }
  return table.close();
}

/** One record for each item that a model wrote for rehearsal; no file where none did. */
function exportSynthetic(stored: StoredRun, open: Opener): string[] {
  if (Object.keys(stored.synthetic).length === 0) return [];
  const table = open("synthetic", [...cellColumns, "row", "task", "input", "output"]);
  for (const { id, trainer, order, seed } of stored.run.cells) {
    for (const { row, task, items } of stored.synthetic[id] ?? []) {
      for (const item of items) table.write({ cell: id, trainer, order, seed, row, task, ...item });
    }
  }
  return table.close();
}

const keyOf = ({ dataset, set, id }: { dataset: string; set: string; id: string }): string =>
  `${dataset}\n${set}\n${id}`;

function jsonLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.flatMap((line, index) => {
    if (line === "") return [];
    try {
      return [JSON.parse(line) as T];
    } catch (error) {
      throw new BenchError("DATA_INVALID", "the line is no JSON", {
        fix: "The file was damaged: run the command of this run again to make it anew.",
        at: { file: path, line: index + 1 },
        cause: error,
      });
    }
  });
}
