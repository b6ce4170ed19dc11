import type { Arm, Claim } from "../../harness/contract/results/claim.js";

const source = "SSR, arXiv 2403.01244";
const ssr: Arm = { trainer: "ssr", options: { items: 20, share: 0.1 } };
const replay: Arm = { trainer: "replay", options: { share: 0.1 } };

/** What non-inferiority tolerates: two points of 100. */
const notWorse = -0.02;

/** What the paper of Self-Synthesized Rehearsal says of it against replay. */
export const ssrClaims: Claim[] = [
  {
    id: "ssr-reaches-replay",
    statement: "SSR from 20 real items a task is not worse than replay that keeps 20.",
    source,
    arms: { ssr, "replay-few": { trainer: "replay", options: { items: 20 } } },
    hypotheses: [{ metric: "op", contrast: { ssr: 1, "replay-few": -1 }, direction: "above", threshold: notWorse }],
  },
  {
    id: "ssr-keeps-ability",
    statement: "SSR keeps general ability better than replay of as many instances.",
    source,
    arms: { ssr, replay },
    hypotheses: [{ metric: "generalAbilityDelta", contrast: { ssr: 1, replay: -1 }, direction: "above", threshold: 0 }],
  },
  {
    id: "ssr-is-data-efficient",
    statement: "SSR with 20 real items a task is not worse than replay of 10%.",
    source,
    arms: { ssr, replay },
    hypotheses: [{ metric: "op", contrast: { ssr: 1, replay: -1 }, direction: "above", threshold: notWorse }],
  },
];
