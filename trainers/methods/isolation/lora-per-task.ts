import { Type } from "../../../harness/contract/type.js";
import { defineMethod } from "../method.js";
import { loraOptions } from "./adapter-options.js";
import { NearestCentroid } from "./nearest-centroid.js";
import { RoutedWeights } from "./routed-weights.js";

/**
 * A mixture of task adapters: each task trains its own LoRA adapter (Hu et al., arXiv 2106.09685) from the base, and
 * each question is answered by the adapter of the task whose inputs it resembles most: the nearest centroid of mean-pooled
 * states of the base model (class means on a frozen model, as in Zhou et al., arXiv 2303.07338). The router sees a
 * question's features, never a task's id; every question goes to some task's adapter, where `routed-lora` leaves those
 * that resemble no task to the base. While a task is learned, its adapter is one of those to choose from.
 *
 * No paper has this method as it is: 2303.07338 classifies by cosine to the means, and routes nothing; here distances are
 * scaled by each dimension's variance within tasks. Options: those of lora, and items. Parameters grow with the tasks.
 * Privileges: none.
 */
export const loraPerTask = defineMethod({
  name: "lora-per-task",
  summary: "Trains a low-rank adapter for each task and routes each question to one by its similarity to their inputs.",
  source: "arXiv 2106.09685; router as arXiv 2303.07338",
  version: 1,
  defaults: { learningRate: 2e-3 },
  options: {
    ...loraOptions,
    items: Type.Integer({ minimum: 1, default: 48, description: "Training inputs behind each task's centroid." }),
  },
  space: { learningRate: { low: 5e-4, high: 1e-2, scale: "log" }, rank: { values: [4, 8, 16] } },
  capabilities: ["adapters"],
  strategy: ({ items, ...adapter }) => new RoutedWeights({ router: new NearestCentroid(), items, adapter }),
});
