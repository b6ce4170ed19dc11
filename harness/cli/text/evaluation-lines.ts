import picocolors from "picocolors";
import type { EvaluatedCheckpoint } from "../../app/checkpoints/evaluate-checkpoint.js";
import type { JudgedCheckpoint } from "../../app/checkpoints/judge-checkpoint.js";
import { suiteLabel } from "../../contract/suite.js";
import { points, signedPoints } from "../../metrics/score-text.js";
import { alertText } from "../../run/alerts/text.js";
import { gateLines } from "./gate-lines.js";
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
  const shown = (value: number | null) => points(value).padStart(5);
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

/** A line on one checkpoint: its mean score, and the change from the one before. */
export function watchLine(now: EvaluatedCheckpoint, before: EvaluatedCheckpoint | undefined): string {
  const { score } = now;
  const change = score === null || before === undefined || before.score === null ? null : score - before.score;
  const since = change === null ? "" : ` (${signedPoints(change)})`;
  const known = now.asked === 0 ? "  known" : "";
  return `${nearPath(now.checkpoint)}  ${points(score)}${since}${known}  ${nearPath(now.directory)}`;
}

/** A checkpoint that was judged: the alerts, then the gate. */
export function judgedLines(
  { against, gate, alerts }: JudgedCheckpoint,
  terminal: { color: boolean; width: number },
): string[] {
  const lines = alerts.map(
    (alert) => `${alert.severity === "critical" ? "‼" : "!"} ${alert.severity}: ${alertText(alert, against)}`,
  );
  return [...lines, ...gateLines(gate, terminal)].map((line) => (line === "" ? "" : `  ${line}`));
}
