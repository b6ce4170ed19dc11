import { Type } from "../../../harness/contract/type.js";
import { defineMethod } from "../method.js";
import { loraOptions } from "./adapter-options.js";
import { adapterStack } from "./adapter-stack.js";

/**
 * Orthogonal subspaces (O-LoRA; Wang et al., arXiv 2310.14152): every task has its own pair (A, B), those of earlier
 * tasks are frozen and remain active, and λ · Σ |A_earlier·Aᵀ| keeps the rows of the new A at right angles to theirs,
 * so that what a task changes is little of what earlier ones read. Saved as one adapter of rank r · tasks. Options: those
 * of lora, a rank and an alpha a task, and lambda. Parameters grow with the tasks. Unlike the authors' code: every linear
 * module is adapted, where the code has q_proj and v_proj alone (`targetModules`), without dropout, where it has 0.1; its
 * second penalty, λ₂ · Σ‖·‖ of the new adapter, is 0 in its scripts and is left out. Privileges: none.
 */
export const oLora = defineMethod({
  name: "o-lora",
  summary: "Gives each task its own low-rank adapter, orthogonal to the frozen ones of earlier tasks.",
  source: "arXiv 2310.14152",
  version: 1,
  defaults: { learningRate: 2e-3 },
  options: {
    ...loraOptions,
    lambda: Type.Number({ minimum: 0, default: 0.5, description: "λ₁, the weight of Σ |A_earlier·Aᵀ|." }),
  },
  space: { learningRate: { low: 5e-4, high: 1e-2, scale: "log" }, lambda: { low: 0.05, high: 5, scale: "log" } },
  capabilities: ["adapters", "stacked-adapters"],
  strategy({ lambda, ...adapter }) {
    return {
      ...adapterStack(adapter),
      terms: ({ view }) => (view.index > 0 ? [{ kind: "orthogonality", weight: lambda }] : []),
      async afterTask({ model, note, view }) {
        if (view.index === 0) return;
        note("Σ |A_earlier·Aᵀ|", await model.loss({ terms: [{ kind: "orthogonality", weight: 1 }] }));
      },
    };
  },
});
