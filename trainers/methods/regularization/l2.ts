import type { Model } from "../../engine/contract.js";
import type { Strategy, TaskContext } from "../../training/strategy.js";
import type { Method } from "../method.js";
import { rateRange, strengthRange } from "../ranges.js";
import { type HoldForm, holdOptions, QuadraticHold } from "./quadratic-hold.js";

/**
 * The baseline that weighs all parameters alike ("L2" beside EWC in Kirkpatrick et al., arXiv 1612.00796): λ/2 · Σ (θ − θ*)²
 * with θ* where the task before ended. Privileges: none.
 */
export const l2: Method = {
  name: "l2",
  summary: "Holds all parameters alike near where the task before left them.",
  source: "arXiv 1612.00796, the L2 baseline",
  version: 1,
  defaults: { learningRate: 1.5e-3 },
  options: holdOptions(26.2),
  space: { lambda: strengthRange, learningRate: rateRange },
  needs: () => ({}),
  strategy(options) {
    const { lambda, form } = options as unknown as { lambda: number; form: HoldForm };
    const hold = new QuadraticHold(form);
    const strategy: Strategy = {
      name: "l2",
      claims: hold.claims,
      parameters: "held",
      terms: () => hold.terms(lambda),
      proximal: () => hold.proximal(lambda),
      async afterTask({ model }: TaskContext) {
        const ones = model.write(new Float32Array(model.trainableParameters).fill(1));
        hold.remember(model, ones, 0);
        model.free(ones);
      },
      save: async (directory: string, model: Model) => hold.save(directory, model),
      restore: async (directory: string, model: Model) => hold.restore(directory, model),
    };
    return strategy;
  },
};
