import { BenchError } from "../../contract/errors.js";
import type { DrawnItems, DriftReport, LearnReport, SyntheticSet } from "../../contract/trainer.js";
import { invalidOutput } from "./guard.js";

/** Checks what `learn` returned. Throws PLUGIN_FAILED, and DIVERGED on a final loss that is not finite. */
export function checkLearnReport(returned: unknown): LearnReport {
  const { steps, finalLoss, curve, notes, drawn, drift, baseDistance, shortened, synthetic } = (returned ??
    {}) as Partial<LearnReport>;
  if (!Number.isInteger(steps) || steps! < 0) throw wrong(`steps: ${String(steps)}`);
  if (finalLoss !== null && typeof finalLoss !== "number") throw wrong(`finalLoss: ${String(finalLoss)}`);
  if (finalLoss !== null && !Number.isFinite(finalLoss)) {
    throw new BenchError("DIVERGED", `the training loss is ${finalLoss}`, { fix: "Lower the learning rate." });
  }
  if (!Array.isArray(curve) || curve.length > 200) throw wrong("no curve of at most 200 points");
  if (notes === null || typeof notes !== "object") throw wrong("no notes");
  if (drawn !== undefined && !(Array.isArray(drawn) && drawn.every(isDrawn))) throw wrong("no list of items as drawn");
  if (drift !== undefined && !isDrift(drift)) throw wrong("no numbers as drift");
  if (baseDistance !== undefined && !Number.isFinite(baseDistance)) throw wrong("no number as baseDistance");
  if (shortened !== undefined && !(Number.isInteger(shortened) && shortened >= 0)) throw wrong("no count as shortened");
  const optional = {
    ...(drawn && { drawn }),
    ...(drift && { drift }),
    ...(baseDistance !== undefined && { baseDistance }),
    ...(shortened && { shortened }),
  };
  const report = { steps: steps!, finalLoss, curve, notes, ...optional };
  if (synthetic === undefined) return report;
  if (!Array.isArray(synthetic)) throw wrong("no list as synthetic");
  return { ...report, synthetic: synthetic.map(checkSyntheticSet) };
}

function isDrift({ warnings, ...numbers }: DriftReport): boolean {
  return Array.isArray(warnings) && Object.values(numbers).every((value) => Number.isFinite(value));
}

function isDrawn(entry: Partial<DrawnItems>): boolean {
  const counted = [entry.items, entry.distinct].every((count) => Number.isInteger(count) && count! >= 0);
  return typeof entry.source === "string" && (entry.task === null || typeof entry.task === "string") && counted;
}

function checkSyntheticSet(returned: unknown): SyntheticSet {
  const { taskId, drawn, parsed, kept, dropped, items } = (returned ?? {}) as Partial<SyntheticSet>;
  const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;
  if (typeof taskId !== "string") throw wrong("a synthetic set without a taskId");
  if (!isCount(drawn) || !isCount(parsed) || !isCount(kept)) throw wrong("a synthetic set without its counts");
  const reasons = Object.values(dropped ?? {});
  if (!reasons.every(isCount) || drawn !== kept + reasons.reduce((sum, count) => sum + count, 0)) {
    throw wrong(`a synthetic set of ${drawn} draws that are not all kept or dropped for a reason`);
  }
  if (!Array.isArray(items) || items.length > 1000) throw wrong("a synthetic set without at most 1,000 items");
  const isItem = (item: unknown) =>
    typeof (item as { input?: unknown } | null)?.input === "string" &&
    typeof (item as { output?: unknown }).output === "string";
  if (!items.every(isItem)) throw wrong("a synthetic item without input and output");
  return { taskId, drawn, parsed, kept, dropped: dropped ?? {}, items };
}

function wrong(what: string): BenchError {
  return invalidOutput(`learn returned ${what}`, "Return { steps, finalLoss, curve, notes, synthetic? }.");
}
