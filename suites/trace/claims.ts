import type { Claim } from "../../harness/contract/results/claim.js";

const source = "TRACE, arXiv 2310.06762";

/** What TRACE's paper says of sequential fine-tuning and of replay. */
export const traceClaims: Claim[] = [
  {
    id: "sequential-lowers-ability",
    statement: "Sequential fine-tuning lowers general ability.",
    source,
    arms: { sequential: { trainer: "sequential" } },
    hypotheses: [{ metric: "generalAbilityDelta", contrast: { sequential: 1 }, direction: "below", threshold: 0 }],
  },
  {
    id: "replay-repairs-forgetting",
    statement: "Replay of 10% repairs more than half of the forgetting of sequential fine-tuning.",
    source,
    arms: { sequential: { trainer: "sequential" }, replay: { trainer: "replay", options: { share: 0.1 } } },
    hypotheses: [{ metric: "bwt", contrast: { replay: 1, sequential: -0.5 }, direction: "above", threshold: 0 }],
  },
];
