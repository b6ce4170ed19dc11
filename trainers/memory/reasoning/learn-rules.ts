import { nullable, type OptionsOf, section } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import { byCodeUnits } from "../documents.js";
import type { Triple } from "../facts.js";
import type { Rule } from "./rules.js";
import { timedRelation } from "./validity.js";

const thresholds = {
  support: Type.Integer({ minimum: 2, default: 10, description: "Least number of cases that a rule is learned from." }),
  confidence: Type.Number({
    exclusiveMinimum: 0.5,
    maximum: 1,
    default: 0.95,
    description: "Least share of them that follow it.",
  }),
};

/** Option: rules that are learned from counts over the facts. */
export const learnedRulesOption = nullable(
  section(thresholds, {
    default: null,
    description:
      "Learn which relations are functional, transitive or inverse to each other from how often the facts say so; null: only `rules`.",
  }),
);

/**
 * Rules that hold in at least `confidence` of at least `support` cases (support and confidence as in AMIE, Galárraga et al. 2013).
 * Functional: the subjects of a relation have one object that is not over. Transitive: of x–y and y–z follows x–z. Inverse: of x–y
 * in one relation follows y–x in another, and the other way around. By code units of the relations.
 */
export function learnRules(triples: Iterable<Triple>, { support, confidence }: OptionsOf<typeof thresholds>): Rule[] {
  const relations = new Map<string, Map<string, Set<string>>>();
  /** Subject and object → their relations. */
  const between = new Map<string, Set<string>>();
  for (const [subject, text, object] of triples) {
    const { relation, until } = timedRelation(text);
    if (until !== null) continue;
    const objects = relations.get(relation) ?? new Map<string, Set<string>>();
    relations.set(relation, objects.set(subject, (objects.get(subject) ?? new Set<string>()).add(object)));
    const pair = `${subject}\t${object}`;
    between.set(pair, (between.get(pair) ?? new Set<string>()).add(relation));
  }
  const passes = (hits: number, cases: number) => cases >= support && hits >= confidence * cases;
  const names = [...relations.keys()].sort(byCodeUnits);
  const rules: Rule[] = [];
  const inverted = new Set<string>();
  for (const name of names) {
    const objects = relations.get(name)!;
    const single = [...objects.values()].filter(({ size }) => size === 1).length;
    if (passes(single, objects.size)) rules.push({ relation: name, functional: true });
    let [chains, closed, pairs] = [0, 0, 0];
    const reverse = new Map<string, number>();
    for (const [subject, own] of objects) {
      for (const object of own) {
        pairs++;
        for (const other of between.get(`${object}\t${subject}`) ?? [])
          reverse.set(other, (reverse.get(other) ?? 0) + 1);
        for (const further of objects.get(object) ?? []) {
          if (further === subject) continue;
          chains++;
          if (own.has(further)) closed++;
        }
      }
    }
    if (passes(closed, chains)) rules.push({ relation: name, transitive: true });
    const sizeOf = (other: string) => [...relations.get(other)!.values()].reduce((sum, { size }) => sum + size, 0);
    const inverse = [...reverse]
      .sort(([a], [b]) => byCodeUnits(a, b))
      .find(([other, count]) => !inverted.has(other) && passes(count, pairs) && passes(count, sizeOf(other)))?.[0];
    if (inverse === undefined || inverted.has(name)) continue;
    inverted.add(name).add(inverse);
    rules.push({ relation: name, inverse });
  }
  return rules;
}
