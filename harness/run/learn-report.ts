import { BenchError } from "../contract/errors.js";
import type { LearnReport } from "../contract/trainer.js";
import { garbage } from "./guard.js";

/** Checks what `learn` returned. Throws PLUGIN_FAILED, and DIVERGED on a final loss that is not finite. */
export function checkLearnReport(returned: unknown): LearnReport {
  const { steps, finalLoss, curve, notes } = (returned ?? {}) as Partial<LearnReport>;
  const wrong = (what: string) => garbage(`learn returned ${what}`, "Return { steps, finalLoss, curve, notes }.");
  if (!Number.isInteger(steps) || steps! < 0) throw wrong(`steps: ${String(steps)}`);
  if (finalLoss !== null && typeof finalLoss !== "number") throw wrong(`finalLoss: ${String(finalLoss)}`);
  if (finalLoss !== null && !Number.isFinite(finalLoss)) {
    throw new BenchError("DIVERGED", `the training loss is ${finalLoss}`, { fix: "Lower the learning rate." });
  }
  if (!Array.isArray(curve) || curve.length > 200) throw wrong("no curve of at most 200 points");
  if (notes === null || typeof notes !== "object") throw wrong("no notes");
  return { steps: steps!, finalLoss, curve, notes };
}
