import type { Plugin } from "../harness/contract/plugin.js";
import { folder } from "./folder/index.js";
import { knowledgeSeq } from "./knowledge-seq/index.js";
import { knowledgeMetrics } from "./knowledge-seq/metrics.js";
import { llava } from "./llava/index.js";
import { lmEval } from "./lm-eval/index.js";
import { lmEvalMatch } from "./lm-eval/match.js";
import { visionClaims } from "./mm-seq/claims.js";
import { mmSeq } from "./mm-seq/index.js";
import { linguisticMetrics } from "./mm-seq/metrics.js";
import { retrieval } from "./retrieval/index.js";
import { retrievalMetrics } from "./retrieval/metrics.js";
import { ssrClaims } from "./superni/claims.js";
import { superni } from "./superni/index.js";
import { traceClaims } from "./trace/claims.js";
import { trace } from "./trace/index.js";
import { profileClaims } from "./trace-seq/claims.js";
import { traceSeq } from "./trace-seq/index.js";
import { traceSeqValidation } from "./trace-seq/validation.js";

/** The suites that come with bench, and what their papers claim. */
export const plugin: Plugin = {
  suites: [traceSeq, traceSeqValidation, knowledgeSeq, mmSeq, folder, llava, trace, superni, retrieval, lmEval],
  scorers: [lmEvalMatch],
  metrics: [...knowledgeMetrics, ...retrievalMetrics, ...linguisticMetrics],
  claims: [...traceClaims, ...ssrClaims, ...profileClaims, ...visionClaims],
};
