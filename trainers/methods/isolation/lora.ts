import { defineMethod } from "../method.js";
import { loraOptions } from "./adapter-options.js";

/**
 * Low-rank adaptation (Hu et al., arXiv 2106.09685): the base is frozen; each targeted matrix W gains
 * alpha/rank · B·A with A: rank × in, B: out × rank, B zero at first. One adapter learns all tasks in turn
 * ("LoraSeqFT" in TRACE, arXiv 2310.06762). Options: rank, alpha, dropout, targetModules. No privileges.
 */
export const lora = defineMethod({
  name: "lora",
  default: true,
  summary: "Trains one low-rank adapter on one task after another; the base model is frozen.",
  source: "arXiv 2106.09685; LoraSeqFT in TRACE, arXiv 2310.06762",
  version: 1,
  defaults: { learningRate: 2e-3 },
  options: loraOptions,
  space: { learningRate: { low: 5e-4, high: 1e-2, scale: "log" }, rank: { values: [4, 8, 16] } },
  capabilities: ["adapters"],
  strategy: ({ rank, alpha, dropout, targetModules }) => ({
    exclusive: ["adapter"],
    open: (model, seed) => model.adapt({ rank, alpha, dropout, targetModules }, seed),
  }),
});
