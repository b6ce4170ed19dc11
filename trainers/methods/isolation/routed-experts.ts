import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { InputRegions } from "./input-regions.js";
import { RoutedWeights } from "./routed-weights.js";
import { routingOptions } from "./routing-options.js";

/**
 * A network of experts: every task trains a whole model from the base, and a gate leaves each question to one of them
 * (Expert Gate; Aljundi et al., arXiv 1611.06194), or to the base where it lies in no task's region of the base's
 * mean-pooled states. The paper's gate is an autoencoder a task on features of a pretrained network, and a new expert
 * starts from the most related earlier one; here the gate is that of `routed-lora`, and each starts from the base. The
 * upper bound of `routed-lora`: what is added for a task is as large as the model. Options: items, margin. Privileges:
 * none.
 */
export const routedExperts = defineMethod({
  name: "routed-experts",
  summary: "Trains a whole model for each task; questions unlike any task's inputs go to the base, unchanged.",
  source: "arXiv 1611.06194; router as arXiv 1807.03888",
  version: 1,
  options: routingOptions,
  space: { margin: { low: 0.5, high: 3, scale: "log" }, learningRate: rateRange },
  vectors: (tasks) => tasks + 1,
  strategy: ({ items, margin }) => new RoutedWeights({ router: new InputRegions(margin), items }),
});
