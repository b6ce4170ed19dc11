import { suggestName } from "../config/suggest-name.js";
import { canonicalJson } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import type { Metric } from "../contract/metric.js";
import { type Arm, armsOf, type Claim } from "../contract/results/claim.js";
import { measureOf, noSuite } from "../gate/measures.js";

/**
 * The claims of these ids, in the order in which plug-ins bring them. Without ids: those about the suite; where there are
 * none, those about no suite in particular; all of them without a suite.
 *
 * @throws UNKNOWN_NAME for an id or a metric that does not exist, with the near one.
 */
export function chooseClaims(
  all: readonly Claim[],
  ids: readonly string[] | undefined,
  metrics?: readonly Metric[],
  suite?: string,
): Claim[] {
  const known = all.map(({ id }) => id);
  for (const id of ids ?? []) {
    if (!known.includes(id)) {
      throw new BenchError("UNKNOWN_NAME", `there is no claim "${id}"`, { fix: suggestName(id, known) });
    }
  }
  const chosen = ids === undefined ? claimsAbout(all, suite) : all.filter(({ id }) => ids.includes(id));
  for (const { hypotheses } of chosen)
    for (const { metric } of hypotheses) measureOf(metric, noSuite, undefined, metrics);
  return chosen;
}

function claimsAbout(all: readonly Claim[], suite: string | undefined): Claim[] {
  if (suite === undefined) return [...all];
  const own = all.filter(({ suites }) => suites?.includes(suite));
  return own.length > 0 ? own : all.filter(({ suites }) => suites === undefined);
}

/** The arms of some claims by name. Throws DUPLICATE_NAME where two claims mean different trainers by one name. */
export function combineArms(claims: readonly Claim[]): Record<string, Arm> {
  const owners = new Map<string, { arm: Arm; claim: string }>();
  for (const claim of claims) {
    for (const name of armsOf(claim)) {
      const arm = claim.arms[name]!;
      const before = owners.get(name);
      if (before !== undefined && canonicalJson(before.arm) !== canonicalJson(arm)) {
        throw new BenchError(
          "DUPLICATE_NAME",
          `the claims "${before.claim}" and "${claim.id}" mean different trainers by "${name}"`,
          { fix: "Rename the arm in one of them, or test them one at a time with --only." },
        );
      }
      owners.set(name, { arm, claim: claim.id });
    }
  }
  return Object.fromEntries([...owners].map(([name, { arm }]) => [name, arm]));
}
