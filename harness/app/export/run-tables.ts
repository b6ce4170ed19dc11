import type { Metric } from "../../contract/metric.js";
import type { CellRecord, ExampleRecord, MatrixRecord } from "../../contract/result.js";
import { costMeasures, metricsOfCell } from "../../metrics/index.js";
import { layout, readExamples, readSamples, type StoredRun } from "../../run/store/store.js";

/** What a column has: `value` is anything of JSON. */
export type ColumnType = "text" | "integer" | "number" | "boolean" | "value";

/** A table of a run. A record may have members that are no column; a column that it lacks is null. */
export interface RunTable {
  name: string;
  columns: Readonly<Record<string, ColumnType>>;
  records(): Iterable<object>;
}

const cellColumns = { cell: "text", trainer: "text", order: "text", seed: "integer" } as const;

/** The tables of a run that have anything to hold, finished cells only except in `cells`. */
export function runTables(stored: StoredRun, metrics: readonly Metric[]): RunTable[] {
  const { curves, costs, synthetic } = stored;
  const trained = Object.values(costs).some(({ learning }) => learning.some(({ curve }) => curve.length > 0));
  return [
    cellsTable(stored),
    metricsTable(stored, metrics),
    matricesTable(stored),
    ...(trained ? [trainingTable(stored)] : []),
    ...(Object.keys(curves).length === 0 ? [] : [curvesTable(stored)]),
    predictionsTable(stored),
    ...(Object.keys(synthetic).length === 0 ? [] : [syntheticTable(stored)]),
  ];
}

/** One record for each planned cell: its state, what was asked for, and what it cost. */
function cellsTable({ run, cells, costs }: StoredRun): RunTable {
  const trainers = new Map(run.trainers.map((trainer) => [trainer.label, trainer]));
  const orders = new Map(run.orders.map(({ name, tasks }) => [name, tasks]));
  const measured = Object.fromEntries(Object.entries(costs).map(([cell, cost]) => [cell, costMeasures(cost)]));
  const records = run.cells.map((cell) => ({
    ...keysOf(cell),
    status: cells[cell.id]!.status,
    tasks: orders.get(cell.order) ?? null,
    options: trainers.get(cell.trainer)?.options ?? null,
    suite: run.suite.name,
    suiteVersion: run.suite.version,
    model: run.model.reference,
    modelDigest: run.model.digest,
    ...measured[cell.id],
  }));
  const measures = [...new Set(Object.values(measured).flatMap(Object.keys))];
  return {
    name: "cells",
    columns: {
      ...cellColumns,
      status: "text",
      tasks: "value",
      options: "value",
      suite: "text",
      suiteVersion: "text",
      model: "text",
      modelDigest: "text",
      ...Object.fromEntries(measures.map((measure) => [measure, "number" as const])),
    },
    records: () => records,
  };
}

/** One record for each metric of each cell. */
function metricsTable(stored: StoredRun, metrics: readonly Metric[]): RunTable {
  return {
    name: "metrics",
    columns: { ...cellColumns, metric: "text", value: "number", reason: "text" },
    *records() {
      for (const cell of finished(stored)) {
        for (const [metric, value] of Object.entries(metricsOfCell(stored, cell, metrics))) {
          yield { ...keysOf(cell), metric, ...value };
        }
      }
    },
  };
}

/** One record for each measured score: a task or a probe at one row. */
function matricesTable(stored: StoredRun): RunTable {
  return {
    name: "matrices",
    columns: {
      ...cellColumns,
      ...{ row: "integer", dataset: "text", set: "text", score: "number", extracted: "number", valid: "number" },
      n: "integer",
    },
    *records() {
      for (const cell of finished(stored)) yield* scoresOf(cell, stored.matrices[cell.id]!);
    },
  };
}

function* scoresOf(cell: CellRecord, matrix: MatrixRecord): Generator<object> {
  for (const [row, scores] of matrix.rows.entries()) {
    const at = { ...keysOf(cell), row };
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

/** One record for each point of a training curve. */
function trainingTable(stored: StoredRun): RunTable {
  return {
    name: "training",
    columns: { ...cellColumns, task: "text", step: "integer", loss: "number", learningRate: "number" },
    *records() {
      for (const cell of finished(stored)) {
        for (const { task, curve } of stored.costs[cell.id]!.learning) {
          for (const point of curve) yield { ...keysOf(cell), task, ...point };
        }
      }
    },
  };
}

/** One record for each score within a task. */
function curvesTable(stored: StoredRun): RunTable {
  return {
    name: "curves",
    columns: {
      ...cellColumns,
      ...{ row: "integer", learns: "text", step: "integer", set: "text", score: "number", n: "integer" },
    },
    *records() {
      for (const cell of finished(stored)) {
        const { tasks = [], n = [], segments = [] } = stored.curves[cell.id] ?? {};
        for (const { row, learns, points } of segments) {
          for (const { step, scores } of points) {
            const at = { ...keysOf(cell), row, learns: learns.join("+"), step };
            for (const [column, set] of tasks.entries()) {
              if (scores[column] !== null) yield { ...at, set, score: scores[column], n: n[column] };
            }
          }
        }
      }
    },
  };
}

/** One record for each answer, with its question and references. */
function predictionsTable(stored: StoredRun): RunTable {
  const { files, matrices } = stored;
  return {
    name: "predictions",
    columns: {
      ...cellColumns,
      ...{ row: "integer", dataset: "text", set: "text", id: "text", output: "text", score: "number" },
      ...{ extracted: "number", valid: "boolean", finishReason: "text", evidence: "value", references: "text" },
      input: "text",
      ...{ reasoning: "text", otherScores: "value", likelihoods: "value" },
    },
    *records() {
      const examples = new Map<string, ExampleRecord>();
      if (files.has(layout.examples)) {
        for (const example of readExamples(files)) examples.set(questionOf(example), example);
      }
      for (const cell of stored.run.cells) {
        if (matrices[cell.id] === undefined || !files.has(layout.samples(cell.id))) continue;
        for (const sample of readSamples(files, cell.id)) {
          const { id, ...answer } = sample;
          const example = examples.get(questionOf(sample));
          const question = { references: example?.references.join(" | "), input: example?.input };
          yield { ...keysOf(cell), ...answer, id, ...question };
        }
      }
    },
  };
}

/** One record for each item that a model wrote for rehearsal. */
function syntheticTable(stored: StoredRun): RunTable {
  return {
    name: "synthetic",
    columns: { ...cellColumns, row: "integer", task: "text", input: "text", output: "text" },
    *records() {
      for (const cell of finished(stored)) {
        for (const { row, task, items } of stored.synthetic[cell.id] ?? []) {
          for (const item of items) yield { ...keysOf(cell), row, task, ...item };
        }
      }
    },
  };
}

const finished = ({ run, matrices }: StoredRun): CellRecord[] =>
  run.cells.filter(({ id }) => matrices[id] !== undefined);

const keysOf = ({ id, trainer, order, seed }: CellRecord) => ({ cell: id, trainer, order, seed });

const questionOf = ({ dataset, set, id }: { dataset: string; set: string; id: string }): string =>
  `${dataset}\n${set}\n${id}`;
