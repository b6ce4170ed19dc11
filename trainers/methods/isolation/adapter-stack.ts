import type { LoraOptions } from "../../engine/contract.js";
import type { Strategy } from "../../training/strategy.js";

/** What methods share that give every task a LoRA adapter of its own, on top of the frozen ones of earlier tasks. */
export function adapterStack({ rank, alpha, dropout, targetModules }: LoraOptions) {
  return {
    exclusive: ["adapter"],
    parameters: "perTask",
    open: (model, seed) => model.adapt({ rank, alpha, dropout, targetModules }, seed),
    async beforeTask({ model, seed, view }) {
      if (view.index > 0) await model.stack(seed);
    },
  } satisfies Strategy;
}
