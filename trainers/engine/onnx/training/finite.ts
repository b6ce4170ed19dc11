import { BenchError } from "../../../../harness/contract/errors.js";

/** Throws DIVERGED where an objective or its gradient (its norm, or all of it) is not finite. */
export function checkFinite(loss: number, gradient: number | Float32Array): void {
  const finite = typeof gradient === "number" ? Number.isFinite(gradient) : allFinite(gradient);
  if (Number.isFinite(loss) && finite) return;
  throw new BenchError("DIVERGED", `The loss (${loss}) or its gradient is not finite.`, {
    fix: "Lower the learning rate, clip the gradient, or lower the weight of a penalty.",
  });
}

function allFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) return false;
  return true;
}
