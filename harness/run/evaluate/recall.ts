import type { Example } from "../../contract/suite.js";
import type { Generation } from "../../contract/trainer.js";
import { mean } from "../../metrics/definition.js";

const depths = [1, 2, 5, 10, 20];

/**
 * Recall at k as aspects `recall@k`: the mean over the items with supporting documents of the share of these among the first k
 * that were found. None where the learner does not say what it found.
 */
export function recallsOf(
  examples: readonly Example[],
  answers: readonly Partial<Pick<Generation, "retrieved">>[],
): [string, { score: number; n: number }][] {
  const supported = examples.flatMap(({ supports = [] }, index) => {
    const { retrieved } = answers[index]!;
    return supports.length === 0 || retrieved === undefined ? [] : { supports, retrieved };
  });
  if (supported.length === 0) return [];
  return depths.map((k) => {
    const shares = supported.map(({ supports, retrieved }) => {
      const first = new Set(retrieved.slice(0, k));
      return supports.filter((id) => first.has(id)).length / supports.length;
    });
    return [`recall@${k}`, { score: mean(shares), n: shares.length }];
  });
}
