import type { ObservationSettings } from "../../contract/config.js";
import type { CellRecord, CurveSegment, CurvesRecord } from "../../contract/result.js";
import type { Suite } from "../../contract/suite.js";
import { mean } from "../../metrics/definition.js";
import type { EvaluationRecord } from "../evaluate/evaluation-store.js";
import type { Stage } from "../plan/stages.js";
import { type Observation, observedExamples } from "./observer.js";
import type { MeasuredRow } from "./row.js";

/**
 * Joins what was observed within tasks with the rows between them, on the same test items.
 *
 * @returns undefined where nothing was observed: the trainer does not let itself be, or no task has so many steps.
 */
export function assembleCurves(
  cell: CellRecord,
  order: readonly string[],
  suite: Pick<Suite, "tasks">,
  rows: readonly MeasuredRow[],
  stages: readonly Stage[],
  settings: ObservationSettings,
): CurvesRecord | undefined {
  const asked = new Map(
    order.map((id) => {
      const { test } = suite.tasks.find((task) => task.id === id)!;
      return [id, new Set(observedExamples(test, id, cell.seed, settings.items).map((example) => example.id))];
    }),
  );
  const segments = rows.slice(1).flatMap((end, index): CurveSegment[] => {
    const { row, learning, observed } = end.record;
    const learns = stages[index + 1]!.learn.flat().map((place) => order[place]!);
    const learned = new Set(order.slice(0, row));
    if (observed === undefined) return [];
    const { steps } = learning[0]!;
    const columns = (score: (task: string) => number | null) =>
      order.map((task) => (learned.has(task) ? score(task) : null));
    const atRow = ({ evaluation }: MeasuredRow) => columns((task) => scoreOn(evaluation, task, asked.get(task)!));
    const within = ({ step, scores }: Observation) => ({ step, scores: columns((task) => scores[task] ?? null) });
    const points = [
      { step: 0, scores: atRow(rows[index]!) },
      ...observed.observations.map(within),
      { step: steps, scores: atRow(end) },
    ];
    return [{ row, learns, steps, points }];
  });
  if (!segments.some(({ points }) => points.length > 2)) return undefined;
  return {
    schema: "curves@2",
    trainer: cell.trainer,
    order: cell.order,
    seed: cell.seed,
    tasks: [...order],
    every: settings.every,
    n: order.map((task) => asked.get(task)!.size),
    segments,
  };
}

/** The mean score of a row on some items of a task. */
function scoreOn({ sets }: EvaluationRecord, task: string, items: ReadonlySet<string>): number | null {
  const set = sets.find((scores) => scores.dataset === "test" && scores.set === task);
  const scores = set?.samples.filter(({ id }) => items.has(id)).map(({ score }) => score) ?? [];
  return scores.length === 0 ? null : mean(scores);
}
