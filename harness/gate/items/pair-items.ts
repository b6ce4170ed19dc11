import { BenchError } from "../../contract/errors.js";
import type { Answer, Answers } from "./answers.js";

/** One item, answered by both. */
export interface ItemPair {
  id: string;
  group?: string;
  baseline: number;
  candidate: number;
}

/** The items of one task or probe. */
export interface PairedSet {
  key: string;
  pairs: ItemPair[];
  /** Whether every score is 0 or 1. */
  binary: boolean;
  grouped: boolean;
}

/**
 * Pairs the answers to the same questions.
 *
 * @throws BASELINE_MISMATCH where one side lacks questions of the other: what is left is not what was asked.
 */
export function pairItems(key: string, baseline: Answers, candidate: Answers): PairedSet {
  const [before, now] = [baseline[key] ?? [], candidate[key] ?? []];
  const known = new Map(before.map((answer) => [answer.id, answer]));
  const shared = now.flatMap(({ id, score, group }): ItemPair[] => {
    const partner = known.get(id);
    return partner === undefined ? [] : [{ id, group, baseline: partner.score, candidate: score }];
  });
  if (shared.length === 0 || shared.length < Math.max(before.length, now.length)) {
    const counts = `${before.length} there, ${now.length} here, ${shared.length} in common`;
    throw new BenchError("BASELINE_MISMATCH", `the two did not answer the same items of ${key}: ${counts}`, {
      fix: "Evaluate both on the same suite, to the end.",
    });
  }
  return {
    key,
    pairs: shared,
    binary: shared.every(({ baseline, candidate }) =>
      [baseline, candidate].every((score) => score === 0 || score === 1),
    ),
    grouped: shared.some(({ group }) => group !== undefined),
  };
}

/** An answer that changed sides: from half right or better to worse, or back. */
export interface ItemFlip {
  set: string;
  id: string;
  baseline: Pick<Answer, "output" | "score">;
  candidate: Pick<Answer, "output" | "score">;
}

const right = 0.5;

/** Every answer that only one of the two got right. */
export function itemFlips(baseline: Answers, candidate: Answers): { gained: ItemFlip[]; lost: ItemFlip[] } {
  const [gained, lost]: ItemFlip[][] = [[], []];
  for (const [set, answers] of Object.entries(candidate)) {
    const known = new Map((baseline[set] ?? []).map((answer) => [answer.id, answer]));
    for (const { id, score, output } of answers) {
      const before = known.get(id);
      if (before === undefined || before.score >= right === score >= right) continue;
      const flip = { set, id, baseline: { output: before.output, score: before.score }, candidate: { output, score } };
      (score >= right ? gained : lost)!.push(flip);
    }
  }
  return { gained: gained!, lost: lost! };
}
