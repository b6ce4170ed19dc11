import type { Plugin } from "../harness/contract/plugin.js";
import { folder } from "./folder/index.js";
import { superni } from "./superni/index.js";
import { trace } from "./trace/index.js";
import { traceSeq } from "./trace-seq/index.js";

/** The suites that come with bench. */
export const plugin: Plugin = { suites: [traceSeq, folder, trace, superni] };
