import { type RandomStream, random } from "../../harness/contract/random.js";
import type { CorpusChange, Document } from "../../harness/contract/suite.js";
import { type Relation, relations, wordsOf } from "./relations.js";

/**
 * What becomes of a fact: it stays, its value changes, it is retracted, it is given only with the changes, or it is
 * never given.
 */
export type Fate = "stable" | "changed" | "retracted" | "late" | "never";

/** One fact of a group. */
export interface Fact {
  relation: Relation;
  subject: string;
  fate: Fate;
  /** The value that is given first. */
  value: string;
  /** The value after the change. */
  newValue: string;
}

/** People and places that know only each other: whatever follows from facts of a group follows from these alone. */
export interface Group {
  name: string;
  facts: Fact[];
}

const groupSize = { person: 7, place: 4 };
const fates: readonly (readonly [Fate, number])[] = [
  ["changed", 8],
  ["retracted", 4],
  ["late", 2],
  ["never", 3],
];

/** Draws groups that share no subject. */
export function drawGroups(names: readonly string[], seed: number): Group[] {
  const words = random({ seed, stream: "subjects" });
  const people = words.sample(wordsOf("person"), names.length * groupSize.person);
  const places = words.sample(wordsOf("place"), names.length * groupSize.place);
  return names.map((name, index) => {
    const own = <T>(all: readonly T[], size: number) => all.slice(index * size, (index + 1) * size);
    const members = { person: own(people, groupSize.person), place: own(places, groupSize.place) };
    return { name, facts: drawFacts(members, random({ seed, stream: "facts", task: name })) };
  });
}

function drawFacts(members: { person: string[]; place: string[] }, stream: RandomStream): Fact[] {
  const facts = relations.flatMap((relation) =>
    members[relation.subject].map((subject): Fact => {
      const words =
        relation.value === "person" || relation.value === "place" ? members[relation.value] : wordsOf(relation.value);
      const others = words.filter((word) => word !== subject);
      const [value, newValue] = stream.sample(others, 2) as [string, string];
      return { relation, subject, fate: "stable", value, newValue };
    }),
  );
  const order = stream.shuffle(facts);
  for (const [fate, count] of fates) for (const fact of order.splice(0, count)) fact.fate = fate;
  return facts;
}

/** The documents of a group's facts as they are given first. */
export function firstCorpus({ facts }: Group): CorpusChange {
  const given = facts.filter(({ fate }) => fate !== "late" && fate !== "never");
  return { add: given.map((fact) => documentOf(fact, stated(fact))), change: [], retract: [] };
}

/** What happens to these documents later. */
export function laterCorpus({ facts }: Group): CorpusChange {
  const of = (fate: Fate) => facts.filter((fact) => fact.fate === fate);
  return {
    add: of("late").map((fact) => documentOf(fact, stated(fact))),
    change: of("changed").map((fact) =>
      documentOf(fact, fact.relation.changes(fact.subject, fact.value, fact.newValue)),
    ),
    retract: of("retracted").map(idOf),
  };
}

const stated = ({ relation, subject, value }: Fact): string => relation.states(subject, value);

const idOf = ({ relation, subject }: Fact): string => `${relation.id}-${subject}`;

const documentOf = (fact: Fact, text: string): Document => ({ id: idOf(fact), text });
