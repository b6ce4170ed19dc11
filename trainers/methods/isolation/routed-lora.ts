import { Type } from "../../../harness/contract/type.js";
import { defineMethod } from "../method.js";
import { adapterOptions } from "./adapter-options.js";
import { InputRegions } from "./input-regions.js";
import { RoutedWeights } from "./routed-weights.js";
import { routingOptions } from "./routing-options.js";

/**
 * Task adapters that leave the base to what is not of their tasks: as `lora-per-task`, but a question that lies in no
 * task's region of the base's mean-pooled states (`InputRegions`) is answered by the base itself, so that what the base
 * could do is as it was wherever no task's inputs look alike. Radii are set on the tasks' own training inputs: no item of
 * any kind is kept, and no general item is seen. A region says what inputs look like: the same task in other words is left
 * to the base as well. Related: gates by task over experts (Expert Gate, arXiv 1611.06194), distances to class means as a
 * test for the unknown (arXiv 1807.03888); no paper has this combination. Options: those of lora, items, margin.
 * Parameters grow with the tasks; a question costs one more reading, by the base. Privileges: none.
 */
export const routedLora = defineMethod({
  name: "routed-lora",
  summary: "Trains a low-rank adapter for each task; questions unlike any task's inputs go to the base, unchanged.",
  source: "arXiv 2106.09685; router as arXiv 1807.03888 and 1611.06194",
  version: 1,
  defaults: { learningRate: 8e-3 },
  options: {
    rank: Type.Integer({ minimum: 1, default: 16, description: "Rows of A and columns of B." }),
    ...adapterOptions,
    ...routingOptions,
  },
  space: { learningRate: { low: 1e-3, high: 2e-2, scale: "log" }, rank: { values: [8, 16, 32] } },
  capabilities: ["adapters"],
  strategy: ({ items, margin, ...adapter }) => new RoutedWeights({ router: new InputRegions(margin), items, adapter }),
});
