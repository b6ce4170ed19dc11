import { defineSuite } from "../../harness/contract/define.js";
import { Type } from "../../harness/contract/type.js";
import { mostRows } from "../folder/options.js";

/** Tasks of lm-evaluation-harness: those with training data are learned, the others are probes. */
export const lmEval = defineSuite({
  name: "lm_eval",
  summary: "Tasks of lm-evaluation-harness, as YAML: bench run lm_eval:PATH; those without training data are probes",
  source: "lm-evaluation-harness: generate_until with exact_match, multiple_choice with acc and acc_norm",
  options: {
    probes: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        uniqueItems: true,
        description: "Tasks that are measured as probes although they have training data",
      }),
    ),
    maxTrain: mostRows("training rows"),
    maxTest: mostRows("test rows"),
  },
  load: async (request) => (await import("./load.js")).loadLmEval(request),
});
