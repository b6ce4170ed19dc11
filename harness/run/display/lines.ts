import type { RunEvent } from "../../contract/event.js";
import { points } from "../../metrics/score-text.js";
import { alertText } from "../alerts/text.js";
import { count, duration } from "./text.js";
import type { RunTracker, TrackedCell } from "./tracker.js";

/** A cell's name for people. */
export function nameOf(cell: TrackedCell): string {
  return `${cell.trainer} · ${cell.order} · seed ${cell.seed}`;
}

/** What a running cell does, in columns that a narrow terminal may cut: task, step, loss, speed. */
export function activityOf(cell: TrackedCell): string[] {
  const { progress } = cell;
  if (progress === undefined) return [cell.row === null ? "starting" : taskPlace(cell, cell.row)];
  const done = `${progress.done}/${progress.total}`;
  if (progress.phase === "evaluate") return [taskPlace(cell, progress.row), `answers ${done}`];
  return [
    taskPlace(cell, progress.row),
    `step ${done}`,
    ...(progress.loss === undefined ? [] : [`loss ${progress.loss.toFixed(3)}`]),
    ...(progress.tokensPerSecond === undefined ? [] : [`${count(progress.tokensPerSecond)} tok/s`]),
  ];
}

/** The line that stays when something ended; undefined for events that leave no trace. */
export function lastingLine(event: RunEvent, tracker: RunTracker): string | undefined {
  const cell = "cell" in event ? tracker.cells.get(event.cell) : undefined;
  switch (event.type) {
    case "row-finished":
      return alertLine(cell!);
    case "cell-finished": {
      const score = event.score === null ? "" : `  score ${points(event.score)}`;
      return `✓ ${nameOf(cell!)}${score}  ${duration(tracker.elapsed(cell!))}`;
    }
    case "cell-failed":
      return `✗ ${nameOf(cell!)}  ${event.error.code}: ${event.error.message}`;
    case "cell-cancelled":
      return `– ${nameOf(cell!)}  stopped; its finished tasks are kept`;
    case "notice":
      return event.text;
    default:
      return undefined;
  }
}

/** The gravest alert of a cell's last measured row, and how many others it raised; undefined where it raised none. */
function alertLine(cell: TrackedCell): string | undefined {
  const { ofRow } = cell.alerts;
  const gravest = ofRow.find(({ severity }) => severity === "critical") ?? ofRow[0];
  if (gravest === undefined) return undefined;
  const { severity, row } = gravest;
  const more = ofRow.length === 1 ? "" : `; ${ofRow.length - 1} more, see the report`;
  return `${severity === "critical" ? "‼" : "!"} ${nameOf(cell)}  ${severity} after ${cell.tasks[row - 1]}: ${alertText(gravest)}${more}`;
}

function taskPlace(cell: TrackedCell, row: number): string {
  const place = `${row}/${cell.tasks.length}`;
  return row === 0 ? `base ${place}` : `${cell.tasks[row - 1]} ${place}`;
}
