import { Type } from "../../../harness/contract/type.js";

/** What decides whether a question is a task's or the base's. */
export const routingOptions = {
  items: Type.Integer({
    minimum: 3,
    default: 96,
    description:
      "Training inputs of each task behind its region: two thirds for mean and variances, a third for the radius.",
  }),
  margin: Type.Number({
    exclusiveMinimum: 0,
    default: 1.5,
    description:
      "The radius of a task's region, as a multiple of the largest distance among inputs held back. Lower leaves more questions to the base.",
  }),
};
