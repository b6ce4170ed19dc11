import type { BenchError } from "../../contract/errors.js";
import type { CellRecord, CurvesRecord, MatrixRecord, RunRecord } from "../../contract/result.js";
import { checkRecord, invalidRecord } from "./check-record.js";

/**
 * Checks the record of a run: by its schema, and that its cells name trainers and orders that it has.
 *
 * @throws DATA_INVALID.
 */
export function checkRun(record: unknown, file: string): RunRecord {
  const run = checkRecord<RunRecord>("run", record, file);
  const wrong = (message: string) => invalidRecord("run", message, file);
  const tasks = new Set(run.suite.tasks.map(({ id }) => id));
  const labels = distinct(run.trainers, ({ label }) => label, "trainers", wrong);
  const orders = distinct(run.orders, ({ name }) => name, "orders", wrong);
  distinct(run.cells, ({ id }) => id, "cells", wrong);
  for (const order of run.orders) {
    distinct(order.tasks, (task) => task, "tasks of an order", wrong);
    for (const task of order.tasks) {
      if (!tasks.has(task)) throw wrong(`its order "${order.name}" has the task "${task}", which its suite lacks`);
    }
  }
  for (const { id, trainer, order } of run.cells) {
    if (!labels.has(trainer)) throw wrong(`its cell ${id} is of a trainer "${trainer}" that it lacks`);
    if (!orders.has(order)) throw wrong(`its cell ${id} is of an order "${order}" that it lacks`);
  }
  return run;
}

/** Checks that a matrix is of that cell: its names, and as many rows and columns as the order has. Throws DATA_INVALID. */
export function checkMatrix(matrix: MatrixRecord, run: RunRecord, cell: CellRecord, file: string): MatrixRecord {
  checkCell(matrix, run, cell, (message) => invalidRecord("matrix", message, file));
  return checkShape(matrix, file);
}

/** Checks that the tables of a matrix have a row for each of its tasks and one before them. Throws DATA_INVALID. */
export function checkShape(matrix: MatrixRecord, file: string): MatrixRecord {
  const wrong = (message: string) => invalidRecord("matrix", message, file);
  const { tasks } = matrix;
  const { rows, n, extracted, valid, shifted, probes, probeKinds, probeN, confusion, aspects = {} } = matrix;
  const byAspect = Object.entries(aspects).flatMap(([name, table]) => [
    [name, table.rows] as const,
    [`n of ${name}`, table.n] as const,
  ]);
  for (const [name, table] of [...Object.entries({ rows, n, extracted, valid, shifted }), ...byAspect]) {
    if (table.length !== tasks.length + 1) throw wrong(`"${name}" has ${table.length} rows, not ${tasks.length + 1}`);
    for (const row of table) {
      if (row.length !== tasks.length) throw wrong(`"${name}" has a row of ${row.length} columns, not ${tasks.length}`);
    }
  }
  for (const [probe, scores] of Object.entries(probes)) {
    if (scores.length !== tasks.length + 1) throw wrong(`probe "${probe}" has ${scores.length} scores`);
    if (!Object.hasOwn(probeKinds, probe) || !Object.hasOwn(probeN, probe)) {
      throw wrong(`probe "${probe}" lacks its kind or its number of items`);
    }
  }
  for (const [task, { labels, counts }] of Object.entries(confusion)) {
    const fits = counts.length === labels.length && counts.every((line) => line.length === labels.length + 1);
    if (!tasks.includes(task) || !fits) throw wrong(`the confusion of "${task}" does not fit its labels`);
  }
  return matrix;
}

/** Checks that scores within tasks are of that cell. Throws DATA_INVALID. */
export function checkCurves(curves: CurvesRecord, run: RunRecord, cell: CellRecord, file: string): CurvesRecord {
  const wrong = (message: string) => invalidRecord("curves", message, file);
  const tasks = checkCell(curves, run, cell, wrong);
  if (curves.n.length !== tasks.length) throw wrong(`"n" has ${curves.n.length} columns, not ${tasks.length}`);
  for (const { row, learns, points } of curves.segments) {
    if (row > tasks.length) throw wrong(`there is a row ${row} of ${tasks.length}`);
    if (!learns.every((task) => tasks.includes(task))) throw wrong(`row ${row} learns a task that its order lacks`);
    if (points.some(({ scores }) => scores.length !== tasks.length)) throw wrong(`row ${row} lacks columns`);
  }
  return curves;
}

/** The tasks of a cell, where a record of it names the same. */
function checkCell(
  record: Pick<MatrixRecord, "trainer" | "order" | "seed" | "tasks">,
  run: RunRecord,
  { id, trainer, order, seed }: CellRecord,
  wrong: (message: string) => BenchError,
): string[] {
  const { tasks } = run.orders.find(({ name }) => name === order)!;
  if (record.trainer !== trainer || record.order !== order || record.seed !== seed) {
    throw wrong(`it is of ${record.trainer}, ${record.order}, seed ${record.seed}, which is another cell than ${id}`);
  }
  if (record.tasks.join("\n") !== tasks.join("\n")) throw wrong(`its tasks are not those of the order "${order}"`);
  return tasks;
}

function distinct<T>(
  items: readonly T[],
  key: (item: T) => string,
  what: string,
  wrong: (message: string) => BenchError,
): Set<string> {
  const keys = new Set(items.map(key));
  if (keys.size !== items.length) throw wrong(`two of its ${what} have one name`);
  return keys;
}
