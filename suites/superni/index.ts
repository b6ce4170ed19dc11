import { defineSuite } from "../../harness/contract/define.js";
import { Type } from "../../harness/contract/type.js";
import { dataOptions } from "../folder/options.js";

/** The real tasks of Self-Synthesized Rehearsal (2403.01244), from files in TRACE's layout, with the paper's orders. */
export const superni = defineSuite({
  name: "superni",
  summary: "The five or ten SuperNI tasks of Self-Synthesized Rehearsal, from files: bench run superni:PATH",
  source: "SuperNI (2204.07705) as in SSR (2403.01244); its data is not part of bench",
  options: {
    sequence: Type.Enum(["five", "ten"], {
      default: "five",
      description: "Five tasks in the paper's three orders, or ten tasks in its one",
    }),
    ...dataOptions("leave-out"),
  },
  load: async (request) => (await import("./load.js")).loadSuperni(request),
});
