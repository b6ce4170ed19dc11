import { Type } from "../../../harness/contract/type.js";
import { defineMethod } from "../method.js";
import { loraOptions } from "./adapter-options.js";
import { adapterStack } from "./adapter-stack.js";

/**
 * Non-collision adapters (N-LoRA; Yang et al., arXiv 2410.10179): every task has its own pair (A, B), those of earlier
 * tasks are frozen and remain active, and λ · Σ |B·A| keeps what the new one adds sparse, so that tasks change few of the
 * same parameters. Saved as one adapter of rank r · tasks. The sum is over all elements of all modules, without alpha /
 * rank, so that a fitting λ falls with the size of the model; the default is for a model of half a million parameters.
 * Options: those of lora, a rank and an alpha a task, and lambda. Parameters grow with the tasks. Privileges: none.
 */
export const nLora = defineMethod({
  name: "n-lora",
  summary: "Gives each task its own low-rank adapter, made sparse so that tasks change few of the same parameters.",
  source: "arXiv 2410.10179",
  version: 1,
  defaults: { learningRate: 2e-3 },
  options: {
    ...loraOptions,
    lambda: Type.Number({ minimum: 0, default: 1e-4, description: "λ, the weight of Σ |B·A|." }),
  },
  space: { learningRate: { low: 5e-4, high: 1e-2, scale: "log" }, lambda: { low: 1e-6, high: 1e-2, scale: "log" } },
  capabilities: ["adapters", "stacked-adapters", "sparse-adapters"],
  strategy({ lambda, ...adapter }) {
    return {
      ...adapterStack(adapter),
      terms: () => [{ kind: "sparsity", weight: lambda }],
      async afterTask({ model, note }) {
        note("Σ |B·A|", await model.loss({ terms: [{ kind: "sparsity", weight: 1 }] }));
      },
    };
  },
});
