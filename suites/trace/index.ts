import { defineSuite } from "../../harness/contract/define.js";
import { Type } from "../../harness/contract/type.js";
import { dataOptions } from "../folder/options.js";

/**
 * The real TRACE benchmark: eight tasks from the archive of its authors, with both orders. Answers are scored as TRACE's
 * evaluator does it, on texts as they are, or leniently; each sample keeps the other score, too. The published figures
 * come with published scoring alone.
 */
export const trace = defineSuite({
  name: "trace",
  summary: "The eight tasks of TRACE, from the files of its archive: bench run trace:PATH",
  source: "TRACE (2310.06762); its archive is not part of bench",
  options: {
    scoring: Type.Enum(["published", "lenient"], {
      default: "published",
      description:
        "published: raw texts, TRACE's own metrics, 512 new tokens; lenient: trimmed texts, as many tokens as answers need",
    }),
    ...dataOptions("leave-out"),
  },
  load: async (request) => (await import("./load.js")).loadTrace(request),
});
