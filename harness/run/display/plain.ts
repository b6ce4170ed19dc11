import { cut, plural, printable } from "../../contract/printable.js";
import type { Display } from "./display.js";
import { activityOf, lastingLine, nameOf } from "./lines.js";
import { duration, mostCharacters, rangeText } from "./text.js";
import { RunTracker } from "./tracker.js";

/** Milliseconds between two lines on how far the run is, where nothing else is to be said. */
const interval = 15_000;

/** One line for each thing that ended, and now and then one on how far the run is: for logs and CI. */
export function plainDisplay(stream: NodeJS.WritableStream, clock: () => number = () => performance.now()): Display {
  const tracker = new RunTracker(clock);
  let last = 0;
  const write = (line: string): void => {
    last = clock();
    stream.write(`${printable(cut(line, mostCharacters))}\n`);
  };
  return {
    show(event) {
      tracker.apply(event);
      const line = lastingLine(event, tracker);
      if (line !== undefined) write(line);
      if (event.type === "run-started") {
        const done = tracker.list("done").length;
        const kept = done > 0 ? `, ${done} finished before` : "";
        const time = `${rangeText(event.expected)} on an idle machine`;
        write(
          `${plural(event.cells.length, "cell")} on ${plural(event.workers, "worker")}${kept}, ${time} → ${event.directory}`,
        );
      } else if (event.type === "row-finished") {
        const cell = tracker.cells.get(event.cell)!;
        write(`  ${nameOf(cell)}  ${activityOf(cell)[0]} measured${left(tracker)}`);
      } else if (event.type === "cell-progress" && clock() - last > interval) {
        const cell = tracker.cells.get(event.progress.cell)!;
        write(`  ${[nameOf(cell), ...activityOf(cell)].join("  ")}${left(tracker)}`);
      } else if (event.type === "run-finished") {
        const parts = [`${plural(event.done, "cell")} done`];
        if (event.failed > 0) parts.push(`${event.failed} failed`);
        if (event.cancelled > 0) parts.push(`${event.cancelled} stopped`);
        write(`${parts.join(", ")} in ${duration(event.wallSeconds)}`);
      }
    },
    close: () => undefined,
  };
}

function left(tracker: RunTracker): string {
  const seconds = tracker.secondsLeft();
  return seconds === undefined ? "" : `  about ${duration(seconds)} left`;
}
