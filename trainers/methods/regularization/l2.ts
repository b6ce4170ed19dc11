import type { Model } from "../../engine/contract.js";
import type { TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange, strengthRange } from "../ranges.js";
import { penaltyOptions, QuadraticPenalty } from "./quadratic-penalty.js";

/**
 * The baseline that weighs all parameters alike ("L2" in Kirkpatrick et al., arXiv 1612.00796): λ/2 · Σ (θ − θ*)²
 * with θ* where the task before ended. Privileges: none.
 */
export const l2 = defineMethod({
  name: "l2",
  summary: "Holds all parameters alike near where the task before left them.",
  source: "arXiv 1612.00796, the L2 baseline",
  version: 1,
  defaults: { learningRate: 1.5e-3 },
  options: penaltyOptions(26.2),
  space: { lambda: strengthRange, learningRate: rateRange },
  vectors: () => 3,
  strategy({ lambda, form }) {
    const penalty = new QuadraticPenalty(form);
    return {
      exclusive: penalty.exclusive,
      parameters: "shared",
      terms: () => penalty.terms(lambda),
      proximal: () => penalty.proximal(lambda),
      async afterTask({ model }: TaskContext) {
        const ones = await model.write(new Float32Array((await model.trainable()).length).fill(1));
        await penalty.remember(model, ones, 0);
        await model.free(ones);
      },
      save: (directory: string, model: Model) => penalty.save(directory, model),
      restore: (directory: string, model: Model) => penalty.restore(directory, model),
    };
  },
});
