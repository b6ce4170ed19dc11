import type { OptionsOf } from "../../../harness/contract/options.js";
import { cut } from "../../../harness/contract/printable.js";
import { byCodeUnits } from "../documents.js";
import type { KnowledgeGraph } from "../graph/knowledge-graph.js";
import { type learnedRulesOption, learnRules } from "./learn-rules.js";
import { type Conclusion, contradictions, reason } from "./reasoner.js";
import { compileRules, type Rule, type RuleSet, type rulesOption } from "./rules.js";
import { timedRelation } from "./validity.js";

/** Options of rules. */
type RuleOptions = OptionsOf<{ rules: typeof rulesOption; learnRules: typeof learnedRulesOption }>;

/** Characters of a note. */
const noteLength = 200;

/** The rules on a graph's relations: those that are given, and those that are learned from its facts. */
export class RuleBase {
  readonly #graph: KnowledgeGraph;
  readonly #options: RuleOptions;
  #rules: RuleSet;
  #learned: readonly Rule[] | undefined;

  /** @throws CONFIG_INVALID as `compileRules`. */
  constructor(graph: KnowledgeGraph, options: RuleOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#rules = compileRules(options.rules);
  }

  /** To be called after the graph has changed. */
  forget(): void {
    this.#learned = undefined;
  }

  /** What follows for a question; undefined where there are no rules. */
  reason(question: string): Conclusion | undefined {
    const rules = this.#current();
    return rules.sources.size === 0 ? undefined : reason(question, this.#facts(), rules);
  }

  /** What was learned, and what contradicts itself, for the report of a task. */
  notes(): Record<string, number | string> {
    const rules = this.#current();
    const learned = (this.#learned ?? []).map(({ relation, inverse, transitive }) =>
      inverse === undefined
        ? `${relation}: ${transitive ? "transitive" : "functional"}`
        : `${relation}: inverse of ${inverse}`,
    );
    const clashes = this.#contradictions(rules);
    return {
      ...(this.#options.learnRules && { "rules learned": learned.length }),
      ...(learned.length > 0 && { "which rules": cut(learned.join("; "), noteLength) }),
      ...(rules.functional.size > 0 && { contradictions: clashes.length }),
      ...(clashes.length > 0 && { "which contradictions": cut(clashes.join("; "), noteLength) }),
    };
  }

  #contradictions(rules: RuleSet): string[] {
    if (rules.functional.size === 0) return [];
    const facts = this.#facts();
    const pairs = new Map<string, [string, string]>();
    for (const [, triples] of this.#graph.triples()) {
      for (const [subject, text] of triples) {
        const { relation } = timedRelation(text);
        if (rules.functional.has(relation)) pairs.set(`${subject}\t${relation}`, [subject, relation]);
      }
    }
    const sorted = [...pairs].sort(([a], [b]) => byCodeUnits(a, b));
    return sorted.flatMap(([, [subject, relation]]) => contradictions(subject, relation, facts));
  }

  /** Given rules come first; of learned ones, those whose relation has an inverse already are left out. */
  #current(): RuleSet {
    const { rules, learnRules: thresholds } = this.#options;
    if (thresholds === null || this.#learned !== undefined) return this.#rules;
    const inverses = new Set(compileRules(rules).inverses.keys());
    const all = this.#graph.triples().flatMap(([, triples]) => triples);
    this.#learned = learnRules(all, thresholds).filter(
      ({ relation, inverse }) => inverse === undefined || !(inverses.has(relation) || inverses.has(inverse)),
    );
    this.#rules = compileRules([...rules, ...this.#learned]);
    return this.#rules;
  }

  #facts() {
    return {
      has: (phrase: string) => this.#graph.passagesWith(phrase) > 0,
      about: (phrase: string) => this.#graph.about(phrase),
    };
  }
}
