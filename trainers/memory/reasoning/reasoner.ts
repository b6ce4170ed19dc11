import { byCodeUnits } from "../documents.js";
import { phraseOf, type StatedFact } from "../facts.js";
import type { RuleSet, Source } from "./rules.js";
import { collide, holds, type TimedRelation, timedRelation, yearOf } from "./validity.js";

/** Where facts are looked up. */
export interface FactSource {
  /** Whether any fact has the phrase as its subject or object. */
  has(phrase: string): boolean;
  /** The facts with the phrase, in an order that depends on them alone. */
  about(phrase: string): readonly StatedFact[];
}

/** What follows from facts and rules for a question. */
export interface Conclusion {
  /** A phrase, or "yes"; absent where nothing or more than one follows. */
  answer?: string;
  /** Passages of the facts that the answer follows from. */
  passages: string[];
  /** The proof, or what stands against an answer, in lines for people. */
  lines: string[];
}

/** A phrase that was reached, by facts one after the other. */
interface Reached {
  phrase: string;
  steps: (StatedFact & { validity: TimedRelation; derived: boolean })[];
}

/** Words that say nothing of which relation is meant. */
const empty = new Set(
  "is are was were be been the a an of in at on to from by for with as has have had does do did".split(" "),
);
const interrogative = new Set("who whom whose what which where when how".split(" "));
const longestMention = 8;
/** Phrases that are reached from one by a transitive relation, at most. */
const mostReached = 1000;

/**
 * Answers a question that names one phrase, a relation of which a rule speaks, and nothing else, where exactly one phrase follows; and "yes" to one that
 * begins with a verb and names two phrases, where the later one follows from the earlier one.
 */
export function reason(question: string, facts: FactSource, rules: RuleSet): Conclusion {
  // The last line, without a label such as "Question:".
  const asking = question.slice(question.lastIndexOf("\n") + 1).replace(/^[^:：]{0,30}[:：]/u, "");
  const normalized = phraseOf(asking);
  const [words, year] = [normalized.split(" "), yearOf(normalized)];
  const mentions = mentionsOf(words, facts);
  const asked = relationsOf(words, mentions, rules);
  const lines: string[] = [];
  const closed = /^(?:is|are|was|were|does|do|did) /u.test(normalized);
  for (const relation of asked) {
    for (const [place, mention] of mentions.entries()) {
      for (const backward of [false, true]) {
        const reached = follow(mention, relation, backward, year, facts, rules);
        const later = backward ? [] : mentions.slice(place + 1);
        const second = reached.find(({ phrase }) => later.includes(phrase));
        if (closed && second !== undefined) return proven("yes", second);
        const clashes = backward || !rules.functional.has(relation) ? [] : contradictions(mention, relation, facts);
        lines.push(...clashes);
        if (closed || mentions.length > 1 || clashes.length > 0 || reached.length === 0) continue;
        const nearest = reached.filter(({ steps }) => steps.length === 1);
        const answers = new Set(nearest.map(({ phrase }) => phrase));
        if (answers.size === 1) return proven(nearest[0]!.phrase, nearest[0]!);
      }
    }
  }
  return { passages: [], lines };
}

/** Two passages that give a phrase different objects of a functional relation at one time, as lines. */
export function contradictions(subject: string, relation: string, facts: FactSource): string[] {
  const stated = facts
    .about(subject)
    .map((fact) => ({ ...fact, validity: timedRelation(fact.triple[1]) }))
    .filter(({ triple, validity }) => triple[0] === subject && validity.relation === relation);
  const found: string[] = [];
  stated.forEach((one, index) => {
    for (const other of stated.slice(index + 1)) {
      if (one.triple[2] === other.triple[2] || !collide(one.validity, other.validity)) continue;
      found.push(`contradiction: ${factLine(one)}, but ${factLine(other)}`);
    }
  });
  return found;
}

/** What follows for a phrase by a relation and the rules on it, the nearest first. */
function follow(
  start: string,
  relation: string,
  backward: boolean,
  year: number | null,
  facts: FactSource,
  rules: RuleSet,
): Reached[] {
  const sources = rules.sources.get(relation)!.map((source) => ({ ...source, inverted: source.inverted !== backward }));
  const step = (phrase: string, members: readonly Source[]) =>
    latest(
      members.flatMap((member) => direct(phrase, member, relation, year, facts)),
      rules.functional.has(relation) && !backward,
    );
  if (rules.transitive.has(relation)) return closure(start, (phrase) => step(phrase, sources));
  return [
    ...step(
      start,
      sources.filter((member) => !rules.transitive.has(member.relation)),
    ),
    ...sources
      .filter((member) => rules.transitive.has(member.relation))
      .flatMap((member) => closure(start, (phrase) => step(phrase, [member]))),
  ];
}

function direct(
  phrase: string,
  { relation, inverted }: Source,
  goal: string,
  year: number | null,
  facts: FactSource,
): Reached[] {
  return facts.about(phrase).flatMap((fact) => {
    const validity = timedRelation(fact.triple[1]);
    const [subject, , object] = fact.triple;
    const [from, to] = inverted ? [object, subject] : [subject, object];
    if (from !== phrase || validity.relation !== relation || !holds(validity, year)) return [];
    return [{ phrase: to, steps: [{ ...fact, validity, derived: relation !== goal }] }];
  });
}

/** Of a functional relation, what began last replaces what began before. */
function latest(reached: readonly Reached[], functional: boolean): Reached[] {
  const begin = ({ steps }: Reached) => steps[0]!.validity.from ?? Number.NEGATIVE_INFINITY;
  const last = Math.max(...reached.map(begin));
  return reached.filter((one) => !functional || begin(one) === last);
}

function closure(start: string, step: (phrase: string) => readonly Reached[]): Reached[] {
  const found: Reached[] = [{ phrase: start, steps: [] }];
  const known = new Set([start]);
  for (let at = 0; at < found.length && found.length < mostReached; at++) {
    const { phrase, steps } = found[at]!;
    for (const next of step(phrase)) {
      if (known.has(next.phrase)) continue;
      known.add(next.phrase);
      found.push({ phrase: next.phrase, steps: [...steps, ...next.steps] });
    }
  }
  return found.slice(1);
}

/** The phrases of the graph that a question names, in its order; none within a longer one. */
function mentionsOf(words: readonly string[], facts: FactSource): string[] {
  const found = new Map<string, number>();
  const taken = new Set<number>();
  for (let length = Math.min(longestMention, words.length); length > 0; length--) {
    for (let start = 0; start + length <= words.length; start++) {
      const places = Array.from({ length }, (_, offset) => start + offset);
      const phrase = words.slice(start, start + length).join(" ");
      if (places.some((place) => taken.has(place)) || empty.has(phrase) || !facts.has(phrase)) continue;
      for (const place of places) taken.add(place);
      found.set(phrase, Math.min(start, found.get(phrase) ?? start));
    }
  }
  return [...found].sort(([, a], [, b]) => a - b).map(([phrase]) => phrase);
}

/** The relations of rules whose words are, beside the phrases and words that say nothing, the question's; by code units. */
function relationsOf(words: readonly string[], mentions: readonly string[], rules: RuleSet): string[] {
  const named = new Set(mentions.flatMap((mention) => mention.split(" ")));
  const stems = (all: readonly string[]) => new Set(all.filter((word) => !empty.has(word)).map(stem));
  const asked = stems(
    words.filter((word) => !named.has(word) && !interrogative.has(word) && !/^[12]\d{3}$/u.test(word)),
  );
  return [...rules.sources.keys()]
    .filter((relation) => {
      const parts = stems(relation.split(" "));
      return parts.size > 0 && parts.size === asked.size && [...parts].every((part) => asked.has(part));
    })
    .sort(byCodeUnits);
}

/** Without the endings of English verbs and plurals. */
const stem = (word: string): string => word.replace(/(?<=.{2})(?:ed|es|s|d|e|ing)$/u, "");

function proven(answer: string, { steps }: Reached): Conclusion {
  return {
    answer,
    passages: [...new Set(steps.map(({ passage }) => passage))],
    lines: [
      `rules: ${answer}`,
      ...steps.map((step) => `proof: ${factLine(step)}${step.derived ? ", by a rule on another relation" : ""}`),
    ],
  };
}

const factLine = ({ triple, passage }: StatedFact): string => `${triple.join(" ")} (${passage})`;
