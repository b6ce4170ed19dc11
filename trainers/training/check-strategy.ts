import { suggestName } from "../../harness/config/suggest-name.js";
import { BenchError } from "../../harness/contract/errors.js";
import type { NamedStrategy, Strategy } from "./strategy.js";

const members: Record<keyof Strategy, true> = {
  exclusive: true,
  conflicts: true,
  parameters: true,
  reservedTokens: true,
  rateFactor: true,
  usesOwnBatches: true,
  ownLoss: true,
  open: true,
  prepareData: true,
  beforeTask: true,
  mixture: true,
  wrapTraining: true,
  beforeStep: true,
  terms: true,
  componentRates: true,
  proximal: true,
  constraint: true,
  readsGradient: true,
  afterStep: true,
  afterTask: true,
  readQuestions: true,
  routeInference: true,
  addedParameters: true,
  answerDigest: true,
  save: true,
  restore: true,
};

/** Throws PLUGIN_INVALID where a strategy, written as a plain object, has a hook that nobody calls. */
export function checkStrategy({ name, strategy }: NamedStrategy): void {
  if (Object.getPrototypeOf(strategy) !== Object.prototype) return; // a class may have other members
  const unknown = Object.keys(strategy).find((key) => !Object.hasOwn(members, key));
  if (unknown === undefined) return;
  throw new BenchError("PLUGIN_INVALID", `the strategy of "${name}" has the unknown hook "${unknown}"`, {
    fix: suggestName(unknown, Object.keys(members)),
  });
}
