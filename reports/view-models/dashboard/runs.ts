import type { DashboardCell, DashboardRun } from "../../../harness/contract/dashboard.js";
import { plural } from "../../../harness/contract/printable.js";
import { heatMap } from "../../charts/heat-map.js";
import { lossCurve } from "../../charts/loss-curve.js";
import { anchorOf, duration, missing, modelName, moment, points, shortened } from "../shared/format.js";
import { meanOf } from "../shared/mean-matrix.js";

/** Runs as a live page shows them: those that go on with charts, the others as rows. */
export interface LiveRunsView {
  open: LiveRunView[];
  earlier: EarlierRunView[];
}

interface LiveRunView {
  id: string;
  name: string;
  suite: string;
  state: string;
  /** Whether nobody finishes it. */
  interrupted: boolean;
  facts: { term: string; text: string }[];
  cells: LiveCellView[];
  /** Cells that are not shown. */
  more: number;
}

interface LiveCellView {
  name: string;
  state: string;
  failed: string | null;
  matrix: string;
  loss: string | null;
}

interface EarlierRunView {
  name: string;
  suite: string;
  created: string;
  state: string;
  cells: string;
  score: string;
}

/** Cells of a run that are shown with charts: those that are worked on first. */
const mostCells = 12;

/** Runs that go on are shown whole; where there are none, the newest one is. */
export function liveRunsView(runs: readonly DashboardRun[]): LiveRunsView {
  const running = runs.filter(({ state }) => state === "running");
  const open = running.length > 0 ? running : runs.slice(0, 1);
  return {
    open: open.map(liveRunView),
    earlier: runs.filter((run) => !open.includes(run)).map(earlierRunView),
  };
}

function liveRunView(run: DashboardRun): LiveRunView {
  const urgent = (cell: DashboardCell): number =>
    ["running", "failed", "cancelled", "done", "pending"].indexOf(cell.status);
  const cells = run.cells.filter(({ status }) => status !== "pending").sort((a, b) => urgent(a) - urgent(b));
  const { progress, state } = run;
  return {
    id: `run-${anchorOf(run.id)}`,
    name: run.id,
    suite: `${run.suite.name} ${run.suite.version}`,
    state: state === "running" && progress !== null ? `running, ${percent(progress.fraction)}` : state,
    interrupted: state === "interrupted",
    facts: [
      { term: "Model", text: modelName(run.model) },
      { term: "Started", text: moment(run.createdAt) },
      { term: "Cells", text: cellsText(run) },
      ...(progress?.secondsLeft == null ? [] : [{ term: "Time left", text: duration(progress.secondsLeft) }]),
    ],
    cells: cells.slice(0, mostCells).map((cell) => liveCellView(cell, run.id)),
    more: Math.max(0, cells.length - mostCells),
  };
}

function liveCellView(cell: DashboardCell, run: string): LiveCellView {
  const { tasks, matrix, learning, working } = cell;
  const name = `${cell.trainer}, ${cell.order}, seed ${cell.seed}`;
  const id = `${anchorOf(run)}-${anchorOf(cell.id)}`;
  const steps = learning.map(({ task, steps: own, losses }) => ({
    ...{ name: task, short: String(tasks.indexOf(task) + 1 || "all"), points: losses },
    steps: Math.max(own, losses.at(-1)?.step ?? 0),
  }));
  const last = steps.findLast(({ points: known }) => known.length > 0)?.points.at(-1);
  return {
    name,
    state: working === null ? cell.status : workingText(cell),
    failed: cell.error,
    matrix: heatMap({
      id: `matrix-${id}`,
      title: `Accuracy matrix of ${name}`,
      description: `Rows: after each task; columns: score on each task. Last measured: ${lastRow(cell)}.`,
      rows: ["before", ...tasks].map((task, row) => (row === 0 ? task : `${row} ${shortened(task, 18)}`)),
      columns: tasks.map((_, column) => String(column + 1)),
      values: matrix,
      stepwise: cell.stepwise,
    }),
    loss:
      last === undefined
        ? null
        : lossCurve({
            ...{ id: `loss-${id}`, title: `Training loss of ${name}`, segments: steps },
            description: `Nats per token over training steps. Last: ${last.loss.toPrecision(3)}.`,
          }),
  };
}

function workingText({ tasks, working }: DashboardCell): string {
  const { phase, row, done, total } = working!;
  const what = row === 0 ? "before training" : (tasks[row - 1] ?? "");
  const [verb, unit] = phase === "learn" ? ["learning", "steps"] : ["answering", "answers"];
  return `${verb} ${row === 0 ? what : `${row} ${what}`}: ${done} of ${total} ${unit}`;
}

function lastRow({ tasks, matrix }: DashboardCell): string {
  const row = matrix.findLast((scores) => scores.some((score) => score !== null));
  return row === undefined ? "nothing" : tasks.map((task, column) => `${task} ${points(row[column])}`).join(", ");
}

function cellsText({ cells }: DashboardRun): string {
  const count = (status: DashboardCell["status"]): number => cells.filter((cell) => cell.status === status).length;
  const parts = (["running", "done", "failed", "cancelled", "pending"] as const).flatMap((status) =>
    count(status) === 0 ? [] : [`${count(status)} ${status}`],
  );
  return `${cells.length}: ${parts.join(", ")}`;
}

function earlierRunView(run: DashboardRun): EarlierRunView {
  const finals = run.cells.flatMap(({ status, matrix }) => (status === "done" ? [meanOf(matrix.at(-1) ?? [])] : []));
  const best = Math.max(...finals.filter((value) => value !== null));
  return {
    ...{
      name: run.id,
      suite: `${run.suite.name} ${run.suite.version}`,
      created: moment(run.createdAt),
      state: run.state,
    },
    cells: plural(run.cells.length, "cell"),
    score: Number.isFinite(best) ? points(best) : missing,
  };
}

const percent = (share: number): string => `${Math.floor(100 * share)}%`;
