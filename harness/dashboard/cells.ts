import type { DashboardCell } from "../contract/dashboard.js";
import type { CellRecord, CostRecord, MatrixRecord, RunRecord } from "../contract/result.js";
import { usageOf } from "../run/cell/cost-record.js";
import { type MeasuredRow, readFinishedRow } from "../run/cell/row.js";
import type { CellState } from "../run/store/cell-state.js";
import { checkMatrix } from "../run/store/check-results.js";
import type { ProgressRecord } from "../run/store/progress-file.js";
import type { RunFiles } from "../run/store/run-files.js";
import { layout } from "../run/store/store.js";

type Measured = Pick<DashboardCell, "matrix" | "learning" | "spent" | "checkpointBytes">;
type Spent = DashboardCell["spent"];

const measures = ["seconds", "trainedTokens", "generatedTokens", "flops"] as const satisfies (keyof Spent)[];

/** Reads cells of one run, each as often as something was added to it. */
export class CellReader {
  readonly #known = new Map<string, { stamp: string; measured: Measured }>();
  /** By cell and row. */
  readonly #rows = new Map<string, MeasuredRow | undefined>();

  constructor(
    private readonly directory: string,
    private readonly run: RunRecord,
  ) {}

  /**
   * @param working what the process of the run says about its cells.
   * @throws DATA_INVALID where a result file is damaged.
   */
  read(
    cell: CellRecord,
    state: CellState,
    files: RunFiles,
    working: ProgressRecord["cells"][number] | undefined,
  ): DashboardCell {
    const { tasks } = this.run.orders.find(({ name }) => name === cell.order)!;
    const trainer = this.run.trainers.find(({ label }) => label === cell.trainer);
    const stamp = `${state.status} ${state.rows.map(({ row }) => row)}`;
    const known = this.#known.get(cell.id);
    const measured = known?.stamp === stamp ? known.measured : this.#measure(cell, state, files, tasks);
    this.#known.set(cell.id, { stamp, measured });
    const { losses, ...progress } = working ?? { losses: [] };
    const learning = [...measured.learning];
    if (working?.phase === "learn" && losses.length > 0) {
      learning.push({ task: tasks[working.row - 1] ?? "all tasks", steps: working.total, losses });
    }
    return {
      ...{ ...cell, ...measured, tasks, learning, status: state.status, stepwise: trainer?.schedule === "sequence" },
      working: working === undefined ? null : (progress as DashboardCell["working"]),
      ...{ alerts: state.alerts, error: state.error?.message ?? null },
    };
  }

  #measure(cell: CellRecord, state: CellState, files: RunFiles, tasks: readonly string[]): Measured {
    if (state.status === "done") {
      const place = layout.matrix(cell.id);
      const matrix = checkMatrix(files.json<MatrixRecord>("matrix", place), this.run, cell, place);
      const cost = files.json<CostRecord>("cost", layout.cost(cell.id));
      return {
        ...{ matrix: matrix.rows, learning: learned(cost.learning), checkpointBytes: cost.checkpointBytes },
        spent: { ...cost, seconds: cost.wallSeconds },
      };
    }
    const rows = state.rows.flatMap((finished) => this.#row(cell.id, finished) ?? []);
    const scores = (row: number): (number | null)[] => {
      const sets = rows.find(({ record }) => record.row === row)?.evaluation.sets ?? [];
      return tasks.map((task) => share(sets.find(({ dataset, set }) => dataset === "test" && set === task)?.score));
    };
    return {
      matrix: Array.from({ length: tasks.length + 1 }, (_, row) => scores(row)),
      learning: rows.flatMap(({ record }) => learned(record.learning)),
      spent: spentOn(rows),
      checkpointBytes: rows.at(-1)?.record.checkpointBytes ?? null,
    };
  }

  #row(cell: string, finished: CellState["rows"][number]): MeasuredRow | undefined {
    const key = `${cell} ${finished.row} ${Object.values(finished.artifacts)}`;
    if (!this.#rows.has(key)) {
      const row = readFinishedRow(this.directory, cell, finished);
      this.#rows.set(key, row && { ...row, evaluation: withoutAnswers(row.evaluation) });
    }
    return this.#rows.get(key);
  }
}

const withoutAnswers = (evaluation: MeasuredRow["evaluation"]): MeasuredRow["evaluation"] => ({
  ...evaluation,
  sets: evaluation.sets.map((set) => ({ ...set, samples: [] })),
});

/** Losses as they are stored; rows of foreign runs are checked by nothing else. */
function learned(learning: CostRecord["learning"]): DashboardCell["learning"] {
  return learning.map(({ task, steps, curve }) => ({
    ...{ task, steps },
    losses: curve.filter(({ step, loss }) => Number.isFinite(step) && Number.isFinite(loss)),
  }));
}

/** What rows took; null where it is not known, or rows of a foreign run say no number. */
function spentOn(rows: readonly MeasuredRow[]): Spent {
  const { all } = usageOf(rows);
  return Object.fromEntries(measures.map((each) => [each, Number.isFinite(all[each]) ? all[each] : null])) as Spent;
}

const share = (value: unknown): number | null => (typeof value === "number" && value >= 0 && value <= 1 ? value : null);
