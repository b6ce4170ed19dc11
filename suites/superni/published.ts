import type { PublishedFigures } from "../../harness/contract/suite.js";

const figures = { source: "Self-Synthesized Rehearsal (arXiv 2403.01244)", metrics: ["op", "fwtRaw", "bwt"] };
const names = { op: "AR", fwtRaw: "FWT", bwt: "BWT" };

const scoring = "ROUGE-L by rouge-chinese over jieba's words there, by rouge_score here";

/** What the paper prints for Llama-2-7B with LoRA, by sequence. Its FWT was not transcribed. */
export const published: Readonly<Record<"five" | "ten", PublishedFigures>> = {
  five: {
    ...figures,
    names,
    setting: `Llama-2-7B, LoRA, 2,000 training items a task, mean of the three orders; ${scoring}`,
    rows: [
      { method: "no rehearsal", label: "sequential", values: { op: 0.1903, bwt: -0.4239 } },
      { method: "random 1%", label: "replay-1%", values: { op: 0.4967, bwt: -0.0402 } },
      { method: "K-means 1%", label: "k-means-1%", values: { op: 0.5002, bwt: -0.0361 } },
      { method: "random 10%", label: "replay-10%", values: { op: 0.5032, bwt: -0.0302 } },
      { method: "K-means 10%", label: "k-means-10%", values: { op: 0.5031, bwt: -0.0296 } },
      { method: "SSR", label: "ssr", values: { op: 0.5216, bwt: -0.0079 } },
      { method: "multi-task", label: "joint", values: { op: 0.5305 } },
    ],
  },
  ten: {
    ...figures,
    names,
    setting: `Llama-2-7B, LoRA, 2,000 training items a task; ${scoring}`,
    rows: [
      { method: "no rehearsal", label: "sequential", values: { op: 0.1733, bwt: -0.5364 } },
      { method: "random 10%", label: "replay-10%", values: { op: 0.6149, bwt: -0.0403 } },
      { method: "SSR", label: "ssr", values: { op: 0.6323, bwt: -0.0156 } },
      { method: "multi-task", label: "joint", values: { op: 0.6469 } },
    ],
  },
};
