import { BenchError } from "../../contract/errors.js";
import type { DrawnItems, DriftReport, LearnReport, SyntheticSet } from "../../contract/trainer.js";
import { invalidOutput, isCount } from "./guard.js";

/** Checks what `learn` returned, and leaves out members that the contract does not name. Throws PLUGIN_FAILED, and DIVERGED on a final loss that is not finite. */
export function checkLearnReport(returned: unknown): LearnReport {
  const { steps, finalLoss, curve, notes, drawn, drift, baseDistance, shortened, synthetic } = (returned ??
    {}) as Partial<LearnReport>;
  if (!isCount(steps)) throw wrong(`steps: ${String(steps)}`);
  if (finalLoss !== null && typeof finalLoss !== "number") throw wrong(`finalLoss: ${String(finalLoss)}`);
  if (finalLoss !== null && !Number.isFinite(finalLoss)) {
    throw new BenchError("DIVERGED", `the training loss is ${finalLoss}`, { fix: "Lower the learning rate." });
  }
  if (!Array.isArray(curve) || curve.length > 200 || !curve.every(isPoint)) {
    throw wrong("no curve of at most 200 points of finite numbers");
  }
  if (notes === null || typeof notes !== "object" || !Object.values(notes).every(isNote)) throw wrong("no notes");
  if (Object.keys(notes).length > mostNotes) throw wrong(`more than ${mostNotes} notes`);
  if (drawn !== undefined && !(Array.isArray(drawn) && drawn.length <= mostDrawn && drawn.every(isDrawn))) {
    throw wrong("no list of items as drawn");
  }
  if (drift !== undefined && !isDrift(drift)) throw wrong("no numbers as drift");
  if (baseDistance !== undefined && !Number.isFinite(baseDistance)) throw wrong("no number as baseDistance");
  if (shortened !== undefined && !isCount(shortened)) throw wrong("no count as shortened");
  const optional = {
    ...(drawn && { drawn: drawn.map(({ source, task, items, distinct }) => ({ source, task, items, distinct })) }),
    ...(drift && { drift }),
    ...(baseDistance !== undefined && { baseDistance }),
    ...(shortened && { shortened }),
  };
  const points = curve.map(({ step, loss, learningRate }) => ({ step, loss, learningRate }));
  const report = { steps, finalLoss, curve: points, notes, ...optional };
  if (synthetic === undefined) return report;
  if (!Array.isArray(synthetic)) throw wrong("no list as synthetic");
  return { ...report, synthetic: synthetic.map(checkSyntheticSet) };
}

const isPoint = (point: Partial<LearnReport["curve"][number]> | null): boolean =>
  [point?.step, point?.loss, point?.learningRate].every((value) => Number.isFinite(value));

/** Of one report. */
const [mostNotes, mostDrawn, longestNote] = [200, 10_000, 10_000];

const isNote = (value: unknown): boolean =>
  typeof value === "string" ? value.length <= longestNote : Number.isFinite(value);

function isDrift({ warnings, ...numbers }: DriftReport): boolean {
  return Array.isArray(warnings) && Object.values(numbers).every((value) => Number.isFinite(value));
}

function isDrawn(entry: Partial<DrawnItems>): boolean {
  const counted = isCount(entry.items) && isCount(entry.distinct) && entry.distinct <= entry.items;
  return typeof entry.source === "string" && (entry.task === null || typeof entry.task === "string") && counted;
}

function checkSyntheticSet(returned: unknown): SyntheticSet {
  const { taskId, drawn, parsed, kept, dropped, items } = (returned ?? {}) as Partial<SyntheticSet>;
  if (typeof taskId !== "string") throw wrong("a synthetic set without a taskId");
  if (!isCount(drawn) || !isCount(parsed) || !isCount(kept)) throw wrong("a synthetic set without its counts");
  const reasons = Object.values(dropped ?? {});
  if (!reasons.every(isCount) || drawn !== kept + reasons.reduce((sum, count) => sum + count, 0)) {
    throw wrong(`a synthetic set of ${drawn} draws that are not all kept or dropped for a reason`);
  }
  if (kept > parsed || parsed > drawn)
    throw wrong(`a synthetic set of ${drawn} draws, ${parsed} parsed and ${kept} kept`);
  if (!Array.isArray(items) || items.length > 1000) throw wrong("a synthetic set without at most 1,000 items");
  if (items.length > kept) throw wrong(`${items.length} synthetic items of ${kept} kept`);
  const isItem = (item: unknown) =>
    typeof (item as { input?: unknown } | null)?.input === "string" &&
    typeof (item as { output?: unknown }).output === "string";
  if (!items.every(isItem)) throw wrong("a synthetic item without input and output");
  const texts = items.map(({ input, output }) => ({ input, output }));
  return { taskId, drawn, parsed, kept, dropped: dropped ?? {}, items: texts };
}

function wrong(what: string): BenchError {
  return invalidOutput(`learn returned ${what}`, "Return { steps, finalLoss, curve, notes, synthetic? }.");
}
