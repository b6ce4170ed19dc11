import type { MatrixView } from "../contract/metric.js";
import type { MatrixRecord } from "../contract/result.js";
import type { ProbeKind } from "../contract/suite.js";

/**
 * Reads a matrix by the indices of the formulas: rows 0 to T, tasks 1 to T. A cell that was not measured reads as NaN,
 * which no sum or maximum survives, and the first such cell is remembered as the reason.
 */
export class MatrixReader implements MatrixView {
  /** T, the number of tasks. */
  readonly tasks: number;
  #missing: string | undefined;

  constructor(private readonly matrix: MatrixRecord) {
    this.tasks = matrix.tasks.length;
  }

  /** Why the value that was just computed is invalid; undefined if it is valid. */
  get missing(): string | undefined {
    return this.#missing;
  }

  taskName(task: number): string {
    return this.matrix.tasks[task - 1]!;
  }

  /** R[row, task]: the score on a task after training the first `row` tasks. */
  score(row: number, task: number): number {
    return this.read(this.matrix.rows, "score", row, task);
  }

  extracted(row: number, task: number): number {
    return this.read(this.matrix.extracted, "extracted score", row, task);
  }

  valid(row: number, task: number): number {
    return this.read(this.matrix.valid, "share of valid answers", row, task);
  }

  shifted(row: number, task: number): number {
    return this.read(this.matrix.shifted, "score on the shifted test", row, task);
  }

  aspect(name: string, row: number, task: number): number {
    return this.read(this.matrix.aspects?.[name]?.rows ?? [], `score on items of the aspect "${name}"`, row, task);
  }

  tasksWith(aspect: string): number[] {
    const { rows = [] } = this.matrix.aspects?.[aspect] ?? {};
    const tasks = this.matrix.tasks
      .map((_, index) => index + 1)
      .filter((task) => rows.some((row) => typeof row[task - 1] === "number"));
    if (tasks.length === 0) this.lack(`no item examines the aspect "${aspect}"`);
    return tasks;
  }

  /** Names of the probes of a kind; without any, the metric has nothing to measure. */
  probes(kind: ProbeKind): string[] {
    const names = Object.keys(this.matrix.probes).filter((name) => this.matrix.probeKinds[name] === kind);
    if (names.length === 0) this.lack(`there is no probe of the kind "${kind}"`);
    return names;
  }

  probe(name: string, row: number): number {
    const value = this.matrix.probes[name]?.[row];
    return value ?? this.lack(`the probe "${name}" was not measured ${when(this.matrix, row)}`);
  }

  /** Remembers why a metric cannot be computed, and is NaN. */
  lack(reason: string): number {
    this.#missing ??= reason;
    return Number.NaN;
  }

  private read(table: (number | null)[][], what: string, row: number, task: number): number {
    const value = table[row]?.[task - 1];
    if (value !== undefined && value !== null) return value;
    if (table === this.matrix.rows && onlyEnds(this.matrix)) {
      return this.lack("only rows 0 and T exist (all tasks were learned at once), and no row after each task");
    }
    return this.lack(`the ${what} of "${this.taskName(task)}" ${when(this.matrix, row)} was not measured`);
  }
}

function when(matrix: MatrixRecord, row: number): string {
  return row === 0 ? "before training" : `after training "${matrix.tasks[row - 1]}" (row ${row})`;
}

/** Whether the last row is there and none between it and row 0: the mark of joint training. */
function onlyEnds({ rows }: MatrixRecord): boolean {
  const measured = rows.map((row) => row.some((score) => score !== null));
  return rows.length > 2 && measured.at(-1)! && !measured.slice(1, -1).some(Boolean);
}
