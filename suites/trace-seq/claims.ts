import type { Arm, Claim, Hypothesis } from "../../harness/contract/results/claim.js";

const profile = "the training profile of this project";
const regimes = `${profile}, after Mirzadeh et al., arXiv 2006.06958`;

const sequential: Arm = { trainer: "sequential" };
const mixture = (newRatio: number): Arm => ({ trainer: "replay", options: { share: 0.1, newRatio } });
const better = (metric: string, arm: string, than: string): Hypothesis => ({
  ...{ metric, contrast: { [arm]: 1, [than]: -1 }, direction: "above", threshold: 0 },
});

/** Statements about training regimes and EWC, for which this suite was built to be large enough. */
export const profileClaims: Claim[] = [
  {
    id: "ewc-forgets-less",
    statement: "EWC forgets less than sequential fine-tuning and learns new tasks as well.",
    source: "EWC, arXiv 1612.00796",
    arms: { ewc: { trainer: "ewc" }, sequential },
    hypotheses: [
      better("bwt", "ewc", "sequential"),
      { ...better("learningAccuracy", "ewc", "sequential"), threshold: -0.02 },
    ],
  },
  {
    id: "lower-rate-forgets-less",
    statement: "A lower learning rate (three tenths) forgets less.",
    source: regimes,
    arms: { "sequential-lower-rate": { trainer: "sequential", scaled: { learningRate: 0.3 } }, sequential },
    hypotheses: [better("bwt", "sequential-lower-rate", "sequential")],
  },
  {
    id: "smaller-batches-forget-less",
    statement: "Smaller batches (half, of as many items in all) forget less.",
    source: regimes,
    arms: { "sequential-smaller-batches": { trainer: "sequential", scaled: { batchSize: 0.5 } }, sequential },
    hypotheses: [better("bwt", "sequential-smaller-batches", "sequential")],
  },
  {
    id: "early-stopping-helps",
    statement: "Early stopping on the retention of earlier tasks raises overall performance.",
    source: profile,
    arms: {
      "sequential-early-stopping": {
        trainer: "sequential",
        options: { earlyStopping: { every: 10, patience: 3, items: 16 } },
      },
      sequential,
    },
    hypotheses: [better("op", "sequential-early-stopping", "sequential")],
  },
  {
    id: "little-new-data-is-better",
    statement: "With replay, 20% of new data in the batches is a better mixture than 50% and 80%.",
    source: profile,
    arms: { "replay-new-20": mixture(0.2), "replay-new-50": mixture(0.5), "replay-new-80": mixture(0.8) },
    hypotheses: [better("op", "replay-new-20", "replay-new-50"), better("op", "replay-new-20", "replay-new-80")],
  },
];
