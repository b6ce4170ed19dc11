import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ReportContext } from "../../harness/contract/plugin.js";
import type { CellRecord, CellStatus, RunRecord } from "../../harness/contract/result.js";
import { costMeasures, metricsOfCell } from "../../harness/metrics/index.js";
import { layout, readRun, type StoredRun } from "../../harness/run/store/store.js";

/** A run directory as experiment trackers see it: each cell of the grid is one of their runs. */
export interface TrackedRun {
  run: RunRecord;
  /** Those that have begun. */
  cells: TrackedCell[];
}

/** One trainer with one order and one seed. Nothing that was not measured is in it. */
export interface TrackedCell extends CellRecord {
  /** For people: trainer, order and seed. */
  name: string;
  status: CellStatus;
  /** Milliseconds since 1970. Cells have no clock times of their own: all begin when their run was created. */
  startTime: number;
  /** The start, later by the seconds that the cell took; null where it has not finished. */
  endTime: number | null;
  /** What was asked for, flat; nested options have dotted names. */
  parameters: Record<string, string | number | boolean>;
  series: Series[];
  /** Final numbers: `metric/<key>` and `cost/<measure>`. */
  summary: Record<string, number>;
  /** Paths of what is stored of it, and of the record of the run. */
  files: string[];
}

/** Values over rows of the matrix (0 is before training), or over training steps counted through all tasks. */
export interface Series {
  name: string;
  axis: "row" | "step";
  points: { at: number; value: number }[];
}

/** Reads a run directory, finished or not, with the metrics that are known. Throws as `readRun` does. */
export function readTrackedRun(directory: string, { metrics }: ReportContext): TrackedRun {
  const stored = readRun(directory);
  const { run, matrices, costs, cells } = stored;
  const start = Date.parse(run.createdAt);
  const begun = run.cells.filter(({ id }) => cells[id]!.status !== "pending");
  return {
    run,
    cells: begun.map((cell): TrackedCell => {
      const cost = costs[cell.id];
      const measured = cost === undefined ? {} : prefixed("cost", costMeasures(cost));
      const values = matrices[cell.id] === undefined ? {} : metricsOfCell(stored, cell, metrics);
      const final = Object.fromEntries(Object.entries(values).map(([key, { value }]) => [key, value]));
      return {
        ...cell,
        name: `${cell.trainer} ${cell.order} seed ${cell.seed}`,
        status: cells[cell.id]!.status,
        startTime: start,
        endTime: cost === undefined ? null : start + Math.round(cost.wallSeconds * 1000),
        parameters: parametersOf(run, cell),
        series: [...matrixSeries(stored, cell), ...trainingSeries(stored, cell), ...curveSeries(stored, cell)].filter(
          ({ points }) => points.length > 0,
        ),
        summary: { ...prefixed("metric", final), ...measured },
        files: [layout.run, ...[layout.matrix, layout.cost, layout.curves].map((path) => path(cell.id))]
          .map((path) => join(directory, path))
          .filter((path) => existsSync(path)),
      };
    }),
  };
}

function parametersOf(run: RunRecord, cell: CellRecord): TrackedCell["parameters"] {
  const trainer = run.trainers.find(({ label }) => label === cell.trainer);
  const order = run.orders.find(({ name }) => name === cell.order);
  const { suite, model } = run;
  return flat({
    trainer: { label: cell.trainer, name: trainer?.name, version: trainer?.version, code: trainer?.code },
    options: trainer?.options,
    order: cell.order,
    tasks: order?.tasks.join(", "),
    seed: cell.seed,
    suite: { name: suite.name, version: suite.version, digest: suite.digest, revision: suite.revision },
    model: {
      reference: model.reference,
      digest: model.digest,
      revision: model.revision,
      architecture: model.architecture,
      parameters: model.parameters,
    },
    numerics: run.numerics,
    quick: run.quick,
  });
}

/** Members of nested objects under dotted names; a list is its JSON. What is null or undefined is left out. */
function flat(value: object, prefix = ""): TrackedCell["parameters"] {
  const result: TrackedCell["parameters"] = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === null || member === undefined) continue;
    const name = prefix + key;
    if (Array.isArray(member)) result[name] = JSON.stringify(member);
    else if (typeof member === "object") Object.assign(result, flat(member, `${name}.`));
    else result[name] = member;
  }
  return result;
}

/** Scores of tasks and probes after each row. */
function matrixSeries({ matrices }: StoredRun, { id }: CellRecord): Series[] {
  const matrix = matrices[id];
  if (matrix === undefined) return [];
  const perTask = (["rows", "extracted", "valid", "shifted"] as const).flatMap((kind) =>
    matrix.tasks.map((task, column) =>
      series(
        `${kind === "rows" ? "score" : kind}/${task}`,
        "row",
        matrix[kind].map((row, at) => [at, row[column]]),
      ),
    ),
  );
  const probes = Object.entries(matrix.probes).map(([probe, scores]) =>
    series(`probe/${probe}`, "row", [...scores.entries()]),
  );
  return [...perTask, ...probes];
}

/** Loss and learning rate; the step counts on from task to task. */
function trainingSeries({ costs }: StoredRun, { id }: CellRecord): Series[] {
  const learning = costs[id]?.learning ?? [];
  const points: { at: number; loss: number; learningRate: number }[] = [];
  let done = 0;
  for (const { steps, curve } of learning) {
    points.push(...curve.map(({ step, ...values }) => ({ at: done + step, ...values })));
    done += steps;
  }
  return (["loss", "learningRate"] as const).map((name) =>
    series(
      `train/${name}`,
      "step",
      points.map((point) => [point.at, point[name]]),
    ),
  );
}

/** Scores within tasks, on the same count of steps. */
function curveSeries({ curves }: StoredRun, { id }: CellRecord): Series[] {
  const { tasks = [], segments = [] } = curves[id] ?? {};
  return tasks.map((task, column) => {
    const values = new Map<number, number | null | undefined>(); // a segment begins where the one before ends
    let done = 0;
    for (const { steps, points } of segments) {
      for (const { step, scores } of points) values.set(done + step, scores[column]);
      done += steps;
    }
    return series(`within/${task}`, "step", [...values]);
  });
}

function series(name: string, axis: Series["axis"], values: [number, number | null | undefined][]): Series {
  const points = values.flatMap(([at, value]) => (isMeasured(value) ? [{ at, value }] : []));
  return { name, axis, points };
}

function prefixed(prefix: string, values: Record<string, number | null>): Record<string, number> {
  const known = Object.entries(values).filter((entry): entry is [string, number] => isMeasured(entry[1]));
  return Object.fromEntries(known.map(([key, value]) => [`${prefix}/${key}`, value]));
}

const isMeasured = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
