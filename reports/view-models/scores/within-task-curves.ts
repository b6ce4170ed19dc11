import { plural } from "../../../harness/contract/printable.js";
import type { CurvesRecord, RunRecord } from "../../../harness/contract/result.js";
import { taskCurves } from "../../charts/task-curves.js";
import type { Entry } from "../shared/entries.js";
import { anchorOf, points } from "../shared/format.js";
import { meanOf } from "../shared/mean-matrix.js";

/** Scores within tasks, for one task order: one chart per trainer. */
export interface WithinTaskCurvesView {
  order: string;
  figures: { name: string; note: string; chart: string }[];
}

/** Undefined where no cell of the order was measured within tasks. */
export function withinTaskCurvesView(
  order: RunRecord["orders"][number],
  entries: readonly Entry[],
): WithinTaskCurvesView | undefined {
  const figures = entries.flatMap((entry) => {
    const measured = entry.cells.flatMap(({ curves }) => (curves?.order === order.name ? [curves] : []));
    const curves = meanCurves(measured);
    if (curves === undefined) return [];
    const items = Math.max(...curves.n);
    const seeds = measured.length > 1 ? `, mean of ${measured.length} seeds` : "";
    const note = `every ${plural(curves.every, "step")}, on ${plural(items, "item")} per task${seeds}`;
    return [{ name: entry.name, note, chart: chartOf(curves, entry, order.name) }];
  });
  return figures.length === 0 ? undefined : { order: order.name, figures };
}

/** The mean of curves that were measured at the same steps; the first where they were not (training stopped early). */
function meanCurves(measured: readonly CurvesRecord[]): CurvesRecord | undefined {
  const [first] = measured;
  const stepsOf = ({ segments }: CurvesRecord) => segments.map(({ points: all }) => all.map(({ step }) => step)).join();
  if (first === undefined || measured.some((curves) => stepsOf(curves) !== stepsOf(first))) return first;
  return {
    ...first,
    segments: first.segments.map((segment, index) => ({
      ...segment,
      points: segment.points.map(({ step, scores }, point) => ({
        step,
        scores: scores.map((_, column) =>
          meanOf(measured.map(({ segments }) => segments[index]!.points[point]!.scores[column])),
        ),
      })),
    })),
  };
}

function chartOf({ tasks, segments }: CurvesRecord, { name, anchor }: Entry, order: string): string {
  const lines = tasks.map((task, column) => ({ name: task, points: lineOf(segments, column) }));
  return taskCurves({
    id: `within-task-${anchorOf(order)}-${anchor}`,
    title: `Scores of ${name} while it learns, ${order}`,
    description: lines.map(descriptionOf).join("; "),
    segments: segments.map(({ learns, steps }) => {
      const numbers = learns.map((task) => tasks.indexOf(task) + 1);
      const named = learns.map((task, index) => `${numbers[index]} ${task}`);
      return { name: named.join(", "), short: learns.length > 1 ? "all tasks" : String(numbers[0]), steps };
    }),
    lines,
  });
}

/** A task over all steps, from its own training on. */
function lineOf(segments: CurvesRecord["segments"], column: number) {
  let before = 0;
  return segments.flatMap(({ steps, points: all }) => {
    const start = before;
    before += steps;
    return all.flatMap(({ step, scores }, index) => {
      const score = scores[column] ?? null;
      const row = index === 0 || index === all.length - 1;
      return score === null ? [] : [{ step: start + step, score, row }];
    });
  });
}

function descriptionOf({ name, points: all }: { name: string; points: ReturnType<typeof lineOf> }): string {
  if (all.length === 0) return `${name}: not measured`;
  const best = all.reduce((a, b) => (b.score > a.score ? b : a));
  const worst = all.filter(({ step }) => step >= best.step).reduce((a, b) => (b.score < a.score ? b : a));
  const low = worst === best ? "" : `, then at least ${points(worst.score)} at step ${worst.step}`;
  return `${name}: at most ${points(best.score)} at step ${best.step}${low}, ${points(all.at(-1)!.score)} at the end`;
}
