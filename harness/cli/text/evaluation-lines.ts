import picocolors from "picocolors";
import { suiteLabel } from "../../contract/suite.js";
import { points } from "../../metrics/score-text.js";
import type { EvaluatedCheckpoint } from "../evaluate-checkpoint.js";
import { nearPath } from "./near-path.js";

/** An evaluation as people read it: every score, how much had to be asked, where things are. */
export function evaluationLines(
  { checkpoint, run, directory, tasks, probes, score, asked, known }: EvaluatedCheckpoint,
  page: string | null,
  terminal: { color: boolean },
): string[] {
  const paint = picocolors.createColors(terminal.color);
  const names = Math.max(...[...Object.keys(tasks), ...Object.keys(probes), "report"].map(({ length }) => length));
  const row = (name: string, value: string) => `  ${name.padEnd(names)}  ${value}`;
  const shown = (value: number | null) => (value === null ? "–" : points(value)).padStart(5);
  const scores = (table: Record<string, number | null>) =>
    Object.entries(table).map(([name, value]) => row(name, shown(value)));
  return [
    `${paint.bold(checkpoint)} on ${suiteLabel(run.suite)}`,
    "",
    ...scores(tasks),
    row("mean", paint.bold(shown(score))),
    ...(Object.keys(probes).length === 0 ? [] : ["", ...scores(probes)]),
    "",
    asked === 0
      ? `Nothing was computed: all ${known} answers of this checkpoint, suite and decoding were known.`
      : `${asked} answers computed.`,
    `run     ${nearPath(directory)}`,
    ...(page === null ? [] : [`report  ${nearPath(page)}`]),
  ];
}
