import { suggestName } from "../config/suggest-name.js";
import { BenchError } from "../contract/errors.js";
import type { Arm, Claim, Hypothesis } from "./claim.js";

/** The trainers that the claims compare. What an arm does not say is the trainer's default. */
export const arms: Readonly<Record<string, Arm>> = {
  sequential: { trainer: "sequential" },
  "sequential-lower-rate": { trainer: "sequential", scaled: { learningRate: 0.3 } },
  "sequential-smaller-batches": { trainer: "sequential", scaled: { batchSize: 0.5 } },
  "sequential-early-stopping": {
    trainer: "sequential",
    options: { earlyStopping: { every: 10, patience: 3, items: 16 } },
  },
  ewc: { trainer: "ewc" },
  replay: { trainer: "replay", options: { share: 0.1 } },
  "replay-few": { trainer: "replay", options: { items: 20 } },
  "replay-new-20": { trainer: "replay", options: { share: 0.1, newRatio: 0.2 } },
  "replay-new-50": { trainer: "replay", options: { share: 0.1, newRatio: 0.5 } },
  "replay-new-80": { trainer: "replay", options: { share: 0.1, newRatio: 0.8 } },
  ssr: { trainer: "ssr", options: { items: 20, share: 0.1 } },
};

/** What non-inferiority tolerates: two points of 100. */
const margin = 0.02;

const better = (metric: string, arm: string, than: string): Hypothesis => ({
  metric,
  contrast: { [arm]: 1, [than]: -1 },
  margin: 0,
});

const notWorse = (metric: string, arm: string, than: string): Hypothesis => ({ ...better(metric, arm, than), margin });

const trace = "TRACE, arXiv 2310.06762";
const selfSynthesis = "SSR, arXiv 2403.01244";
const profile = "the training profile of this project";
const regimes = `${profile}, after Mirzadeh et al., arXiv 2006.06958`;

/** The headline statements of the field. */
export const claims: readonly Claim[] = [
  {
    id: "sequential-lowers-ability",
    statement: "Sequential fine-tuning lowers general ability.",
    source: trace,
    hypotheses: [{ metric: "generalAbilityDelta", contrast: { sequential: -1 }, margin: 0 }],
  },
  {
    id: "replay-repairs-forgetting",
    statement: "Replay of 10% repairs more than half of the forgetting of sequential fine-tuning.",
    source: trace,
    hypotheses: [{ metric: "bwt", contrast: { replay: 1, sequential: -0.5 }, margin: 0 }],
  },
  {
    id: "ssr-reaches-replay",
    statement: "SSR from 20 real items a task is not worse than replay that keeps 20.",
    source: selfSynthesis,
    hypotheses: [notWorse("op", "ssr", "replay-few")],
  },
  {
    id: "ssr-keeps-ability",
    statement: "SSR keeps general ability better than replay of as many instances.",
    source: selfSynthesis,
    hypotheses: [better("generalAbilityDelta", "ssr", "replay")],
  },
  {
    id: "ssr-is-data-efficient",
    statement: "SSR with 20 real items a task is not worse than replay of 10%.",
    source: selfSynthesis,
    hypotheses: [notWorse("op", "ssr", "replay")],
  },
  {
    id: "ewc-forgets-less",
    statement: "EWC forgets less than sequential fine-tuning and learns new tasks as well.",
    source: "EWC, arXiv 1612.00796",
    hypotheses: [better("bwt", "ewc", "sequential"), notWorse("learningAccuracy", "ewc", "sequential")],
  },
  {
    id: "lower-rate-forgets-less",
    statement: "A lower learning rate (three tenths) forgets less.",
    source: regimes,
    hypotheses: [better("bwt", "sequential-lower-rate", "sequential")],
  },
  {
    id: "smaller-batches-forget-less",
    statement: "Smaller batches (half, of as many items in all) forget less.",
    source: regimes,
    hypotheses: [better("bwt", "sequential-smaller-batches", "sequential")],
  },
  {
    id: "early-stopping-helps",
    statement: "Early stopping on the retention of earlier tasks raises overall performance.",
    source: profile,
    hypotheses: [better("op", "sequential-early-stopping", "sequential")],
  },
  {
    id: "little-new-data-is-better",
    statement: "With replay, 20% of new data in the batches is a better mixture than 50% and 80%.",
    source: profile,
    hypotheses: [better("op", "replay-new-20", "replay-new-50"), better("op", "replay-new-20", "replay-new-80")],
  },
];

/** The claims of these ids, in the order of the catalog; all without ids. Throws UNKNOWN_NAME with the near one. */
export function claimsOf(ids: readonly string[] | undefined): Claim[] {
  const known = claims.map(({ id }) => id);
  for (const id of ids ?? []) {
    if (!known.includes(id)) {
      throw new BenchError("UNKNOWN_NAME", `there is no claim "${id}"`, { fix: suggestName(id, known) });
    }
  }
  return claims.filter(({ id }) => ids?.includes(id) ?? true);
}

/** The names of the arms that a claim compares. */
export const armsOf = ({ hypotheses }: Claim): string[] => [
  ...new Set(hypotheses.flatMap(({ contrast }) => Object.keys(contrast))),
];
