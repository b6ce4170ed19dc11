import { defineSuite } from "../../harness/contract/define.js";
import { nullable } from "../../harness/contract/options.js";
import { Type } from "../../harness/contract/type.js";

/** Questions on a growing corpus, in the file formats of HippoRAG: MuSiQue, 2WikiMultihopQA, HotpotQA, NQ. */
export const retrieval = defineSuite({
  name: "retrieval",
  summary:
    "Questions on a growing corpus, from files in HippoRAG's formats (MuSiQue, 2Wiki, HotpotQA, NQ): bench run retrieval:PATH",
  source: "HippoRAG 2 (2502.14802), continual experiment; its data is not part of bench",
  options: {
    dataset: nullable(
      Type.String({
        default: null,
        description: "The data set in the directory, such as musique, where there are several.",
      }),
    ),
    segments: Type.Integer({ minimum: 1, maximum: 20, default: 4, description: "Parts in which the corpus grows." }),
    questions: nullable(
      Type.Integer({ minimum: 1, default: null, description: "Questions used, from the first on; null for all." }),
    ),
  },
  load: async (request) => (await import("./load.js")).loadRetrieval(request),
});
