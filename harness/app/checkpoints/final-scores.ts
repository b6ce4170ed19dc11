import type { MatrixRecord } from "../../contract/result.js";
import { meanOrNull } from "../../metrics/definition.js";

/** How a model answered a suite. Scores are on 0..1; what was not measured is null. */
export interface FinalScores {
  /** Score of each task, and of each probe. */
  tasks: Record<string, number | null>;
  probes: Record<string, number | null>;
  /** Mean over the tasks. */
  score: number | null;
}

/** The last row of a matrix, by task and probe, and its mean over the tasks. */
export function finalScores({ tasks, rows, probes }: MatrixRecord): FinalScores {
  const last = rows.at(-1)!;
  return {
    tasks: Object.fromEntries(tasks.map((task, index) => [task, last[index] ?? null])),
    probes: Object.fromEntries(Object.entries(probes).map(([probe, line]) => [probe, line.at(-1) ?? null])),
    score: meanOrNull(last),
  };
}
