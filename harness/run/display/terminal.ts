import { createLogUpdate } from "log-update";
import pc from "picocolors";
import { cut, printable } from "../../contract/printable.js";
import type { Display } from "./display.js";
import { activityOf, lastingLine, nameOf } from "./lines.js";
import { bar, duration, mostCharacters, toColumns } from "./text.js";
import { RunTracker, type TrackedCell } from "./tracker.js";

/** Milliseconds between two drawings. */
const interval = 200;

/**
 * A live view: a line on the whole run and one for each running cell, redrawn in place, above which lines on what ended
 * scroll away. Adapts to the width of the terminal.
 */
export function terminalDisplay(stream: NodeJS.WriteStream, color: boolean): Display {
  const tracker = new RunTracker();
  const drawing = createLogUpdate(stream, { showCursor: false });
  const colors = pc.createColors(color);
  let timer: NodeJS.Timeout | undefined;
  const cancelTimer = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  const draw = (): void => {
    cancelTimer();
    drawing(
      liveLines(tracker, stream.columns || 80)
        .map((line, index) => (index === 0 ? colors.bold(line) : line))
        .join("\n"),
    );
  };
  const drawSoon = (): void => {
    timer ??= setTimeout(draw, interval);
    timer.unref();
  };
  const leave = (): void => {
    cancelTimer();
    drawing.clear();
    drawing.done();
  };
  return {
    show(event) {
      tracker.apply(event);
      const line = lastingLine(event, tracker);
      if (line !== undefined) {
        drawing.clear();
        stream.write(`${paint(printable(cut(line, mostCharacters)), colors)}\n`);
        draw();
      }
      if (event.type === "run-finished") leave();
      else drawSoon();
    },
    close: leave,
  };
}

/** The lines that are redrawn: the run, then its running cells, none wider than `columns`. */
export function liveLines(tracker: RunTracker, columns: number): string[] {
  const running = tracker.list("running");
  const ended = tracker.list("done").length + tracker.list("failed").length;
  const left = tracker.secondsLeft();
  const barColumns = Math.max(6, Math.min(30, Math.floor(columns / 5)));
  const total = [
    bar(tracker.totalFraction(), barColumns),
    `${Math.floor(tracker.totalFraction() * 100)}%`,
    `${ended}/${tracker.cells.size} cells`,
    left === undefined ? "" : `about ${duration(left)} left`,
  ];
  const nameColumns = Math.min(Math.max(...running.map((cell) => nameOf(cell).length), 0), Math.floor(columns * 0.4));
  return [
    total.filter((part) => part !== "").join("  "),
    ...running.map((cell) => cellLine(tracker, cell, columns, nameColumns)),
  ].map((line) => toColumns(printable(line), columns - 1).trimEnd());
}

function cellLine(tracker: RunTracker, cell: TrackedCell, columns: number, nameColumns: number): string {
  const left = tracker.cellSecondsLeft(cell);
  const parts = [
    toColumns(nameOf(cell), nameColumns),
    bar(tracker.fraction(cell), columns < 100 ? 6 : 12),
    toColumns(left === undefined ? "" : `${duration(left)} left`, 12),
    ...activityOf(cell),
  ];
  return parts.join("  ");
}

function paint(line: string, colors: ReturnType<typeof pc.createColors>): string {
  if (line.startsWith("✓")) return colors.green("✓") + line.slice(1);
  if (line.startsWith("✗")) return colors.red(line);
  if (line.startsWith("‼")) return colors.red(line);
  if (line.startsWith("–") || line.startsWith("!")) return colors.yellow(line);
  return colors.dim(line);
}
