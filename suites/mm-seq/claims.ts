import type { Arm, Claim, Hypothesis } from "../../harness/contract/results/claim.js";

const source = "Srivastava et al., arXiv 2410.19925";
const suites = ["mm-seq"];
const sequential: Arm = { trainer: "sequential" };

/** A mitigation's linguistic loss is below 85% of the naive one's, and its accuracy on pictures not worse by 2 points. */
const mitigates = (id: string, statement: string, arm: Arm): Claim => {
  const hypotheses: Hypothesis[] = [
    { metric: "linguisticLoss", contrast: { [id]: 1, sequential: -0.85 }, direction: "below", threshold: 0 },
    { metric: "op", contrast: { [id]: 1, sequential: -1 }, direction: "above", threshold: -0.02 },
  ];
  const closing =
    "reduces the linguistic loss by at least 15%, at an accuracy on pictures that is not worse by 2 points.";
  return {
    id: `${id}-protects-language`,
    statement: `${statement} ${closing}`,
    source,
    suites,
    arms: { [id]: arm, sequential },
    hypotheses,
  };
};

/** What learning to see does to language, and what helps. All arms train for as many tokens. */
export const visionClaims: Claim[] = [
  {
    id: "seeing-costs-language",
    statement: "A model that naively learns tasks on pictures loses language, understanding and generation alike.",
    source,
    suites,
    arms: { sequential },
    hypotheses: ["linguisticLossUnderstanding", "linguisticLossGeneration"].map((metric) => ({
      metric,
      contrast: { sequential: 1 },
      direction: "above",
      threshold: 0,
    })),
  },
  mitigates("soft-targets", "Training on soft targets", { trainer: "soft-targets" }),
  mitigates("lora", "A low-rank adapter", { trainer: "lora" }),
  mitigates("msgm", "mSGM, soft targets with an adapter,", {
    trainer: "composed",
    options: { use: ["lora", "soft-targets"] },
  }),
  mitigates("rehearsal", "Rehearsal of earlier tasks and of text", {
    trainer: "replay",
    options: { generalItems: 200, generalShare: 0.25 },
  }),
  mitigates("msgm-rehearsal", "mSGM with rehearsal", {
    trainer: "composed",
    options: { use: ["lora", "soft-targets", "replay"], replay: { generalItems: 200, generalShare: 0.25 } },
  }),
  mitigates("multimodal", "A frozen tower with text that is replayed and distilled", { trainer: "multimodal" }),
];
