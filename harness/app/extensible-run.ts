import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { registrationFile } from "../claims/registration.js";
import type { RunPlan } from "../run/plan/plan.js";
import { furtherCells, settledCells } from "../run/store/extension.js";
import { readRunRecord, runsIn } from "../run/store/store.js";

/** Whether a run may get further cells. Claims that were registered for it fix them. */
export const mayBeExtended = (directory: string): boolean => !existsSync(join(directory, registrationFile));

/**
 * Says which run next to a new one it could extend instead: the one with the most finished cells of the plan, all of whose
 * cells are planned. Nothing where a directory was chosen, or there is no such run.
 */
export function extensibleRun(plan: RunPlan): string[] {
  const { directory, record, config } = plan;
  if (config.out !== undefined || readRunRecord(directory) !== undefined) return [];
  const found = runsIn(dirname(directory))
    .map((other) => ({ other, finished: finishedIn(other, plan) }))
    .filter(({ finished }) => finished > 0)
    .sort((a, b) => b.finished - a.finished)[0];
  if (found === undefined) return [];
  const path = relative(process.cwd(), found.other);
  return [
    `${path} has ${found.finished} of these ${record.cells.length} cells finished: with --out ${path} they are not computed again`,
  ];
}

function finishedIn(directory: string, plan: RunPlan): number {
  if (!mayBeExtended(directory)) return 0;
  try {
    const stored = readRunRecord(directory);
    if (stored === undefined || furtherCells(stored, plan.record) === undefined) return 0;
    return settledCells({ ...plan, directory }).finished.length;
  } catch {
    return 0; // a damaged neighbor has nothing to offer
  }
}
