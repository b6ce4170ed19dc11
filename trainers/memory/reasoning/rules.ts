import { BenchError } from "../../../harness/contract/errors.js";
import { type OptionsOf, section } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import { byCodeUnits } from "../documents.js";
import { phraseOf } from "../facts.js";

const relation = Type.String({ minLength: 1, maxLength: 200 });
const rule = {
  relation,
  inverse: Type.Optional(relation),
  implies: Type.Optional(relation),
  transitive: Type.Optional(Type.Boolean()),
  functional: Type.Optional(Type.Boolean()),
};

/** What is known of one relation. */
export type Rule = OptionsOf<typeof rule>;

/** Option: rules over the graph's relations. */
export const rulesOption = Type.Array(section(rule), {
  default: [],
  description:
    "Rules on relations, each { relation, and any of: inverse: <relation>, implies: <relation>, transitive: true, functional: true (one object a subject) }. They answer questions before the reader does.",
});

/** A relation from which another follows; inverted: with subject and object exchanged. */
export interface Source {
  relation: string;
  inverted: boolean;
}

/** Rules that were checked. */
export interface RuleSet {
  functional: ReadonlySet<string>;
  transitive: ReadonlySet<string>;
  /** Relation → all from which it follows, itself first. */
  sources: ReadonlyMap<string, readonly Source[]>;
  /** Relation → its inverse, both ways. */
  inverses: ReadonlyMap<string, string>;
}

/**
 * Checks rules. An inverse is given once and works both ways; a relation may be its own.
 *
 * @throws CONFIG_INVALID for a relation without a letter or digit; for implications that lead back to where they began, or
 *   inverses that are given twice, with the relations of the cycle.
 */
export function compileRules(rules: readonly Rule[]): RuleSet {
  const named = (text: string): string => {
    const name = phraseOf(text);
    if (name !== "") return name;
    throw new BenchError("CONFIG_INVALID", `a rule names the relation ${JSON.stringify(text)}, which has no letter`, {
      fix: "Name relations as they occur in facts.",
    });
  };
  const [functional, transitive] = [new Set<string>(), new Set<string>()];
  const direct = new Map<string, Source[]>();
  const link = (to: string, source: Source) => direct.set(to, [...(direct.get(to) ?? []), source]);
  const inverses = new Map<string, string>();
  const implications: [string, string][] = [];
  for (const { relation: text, inverse, implies, ...traits } of rules) {
    const name = named(text);
    if (!direct.has(name)) direct.set(name, []);
    if (traits.functional) functional.add(name);
    if (traits.transitive) transitive.add(name);
    if (implies !== undefined) {
      implications.push([name, named(implies)]);
      link(named(implies), { relation: name, inverted: false });
    }
    if (inverse === undefined) continue;
    const other = named(inverse);
    for (const one of [name, other]) {
      const known = inverses.get(one);
      if (known !== undefined) throw cyclic([known, one, one === name ? other : name]);
    }
    inverses.set(name, other).set(other, name);
    link(other, { relation: name, inverted: true });
    if (other !== name) link(name, { relation: other, inverted: true });
  }
  checkAcyclic(implications, inverses);
  const sources = new Map([...direct.keys()].map((name) => [name, sourcesOf(name, direct)]));
  return { functional, transitive, sources, inverses };
}

/** Follows implications, where a relation and its inverse are one. */
function checkAcyclic(
  implications: readonly (readonly [string, string])[],
  inverses: ReadonlyMap<string, string>,
): void {
  const one = (name: string) => [name, inverses.get(name) ?? name].sort(byCodeUnits)[0]!;
  const path: string[] = [];
  const done = new Set<string>();
  const visit = (name: string): void => {
    if (path.includes(name)) throw cyclic([...path.slice(path.indexOf(name)), name]);
    if (done.has(name)) return;
    path.push(name);
    for (const [from, to] of implications) if (one(from) === name) visit(one(to));
    path.pop();
    done.add(name);
  };
  for (const [from] of implications) visit(one(from));
}

function sourcesOf(name: string, direct: ReadonlyMap<string, readonly Source[]>): Source[] {
  const found: Source[] = [{ relation: name, inverted: false }];
  for (let at = 0; at < found.length; at++) {
    const { relation: reached, inverted } = found[at]!;
    for (const source of direct.get(reached) ?? []) {
      const next = { relation: source.relation, inverted: source.inverted !== inverted };
      if (!found.some((one) => one.relation === next.relation && one.inverted === next.inverted)) found.push(next);
    }
  }
  return found;
}

function cyclic(relations: readonly string[]): BenchError {
  const path = relations.map((name) => JSON.stringify(name)).join(" → ");
  return new BenchError("CONFIG_INVALID", `the rules have a cycle: ${path}`, {
    fix: "Leave one of these rules out; an inverse is given once and works both ways.",
  });
}
