import { allWords } from "../trace-seq/lexicon.js";

/** What a fact may say of its subject, with every wording of it. */
export interface Relation {
  id: string;
  /** Word classes of subject and value. */
  subject: "person" | "place";
  value: "city" | "place" | "person" | "food";
  /** A document that states the fact. */
  states(subject: string, value: string): string;
  /** A document that states a change. */
  changes(subject: string, old: string, value: string): string;
  /** Wordings of the question; the last one is used in tests only. */
  asks(subject: string): readonly string[];
  /** Wordings of the question about the value before a change. */
  asksBefore(subject: string): readonly string[];
}

const home: Relation = {
  id: "home",
  subject: "person",
  value: "city",
  states: (s, v) => `${s} lives in ${v}.`,
  changes: (s, o, v) => `Before ${s} lived in ${o}. Now ${s} lives in ${v}.`,
  asks: (s) => [
    `Where does ${s} live?`,
    `Which city is the home of ${s}?`,
    `Name the city of ${s}.`,
    `In which city does ${s} live?`,
  ],
  asksBefore: (s) => [
    `Where did ${s} live before?`,
    `Which city was the home of ${s} before?`,
    `In which city did ${s} live before?`,
  ],
};

const work: Relation = {
  id: "work",
  subject: "person",
  value: "place",
  states: (s, v) => `${s} works in the ${v}.`,
  changes: (s, o, v) => `Before ${s} worked in the ${o}. Now ${s} works in the ${v}.`,
  asks: (s) => [
    `Where does ${s} work?`,
    `Which place does ${s} work in?`,
    `Name the place of ${s}.`,
    `In which place does ${s} work?`,
  ],
  asksBefore: (s) => [
    `Where did ${s} work before?`,
    `Which place did ${s} work in before?`,
    `In which place did ${s} work before?`,
  ],
};

const boss: Relation = {
  id: "boss",
  subject: "person",
  value: "person",
  states: (s, v) => `${v} is the boss of ${s}.`,
  changes: (s, o, v) => `Before ${o} was the boss of ${s}. Now ${v} is the boss of ${s}.`,
  asks: (s) => [
    `Who is the boss of ${s}?`,
    `Name the boss of ${s}.`,
    `Who is it that ${s} has as boss?`,
    `Which person is the boss of ${s}?`,
  ],
  asksBefore: (s) => [
    `Who was the boss of ${s} before?`,
    `Name the boss of ${s} before.`,
    `Which person was the boss of ${s} before?`,
  ],
};

const food: Relation = {
  id: "food",
  subject: "person",
  value: "food",
  states: (s, v) => `${s} likes ${v}.`,
  changes: (s, o, v) => `Before ${s} liked ${o}. Now ${s} likes ${v}.`,
  asks: (s) => [
    `What does ${s} like?`,
    `Name the food that ${s} likes.`,
    `${s} likes what?`,
    `Which food does ${s} like?`,
  ],
  asksBefore: (s) => [
    `What did ${s} like before?`,
    `Name the food that ${s} liked before.`,
    `Which food did ${s} like before?`,
  ],
};

const site: Relation = {
  id: "site",
  subject: "place",
  value: "city",
  states: (s, v) => `The ${s} is in ${v}.`,
  changes: (s, o, v) => `Before the ${s} was in ${o}. Now the ${s} is in ${v}.`,
  asks: (s) => [
    `Where is the ${s}?`,
    `Which city has the ${s}?`,
    `Name the city of the ${s}.`,
    `In which city is the ${s}?`,
  ],
  asksBefore: (s) => [
    `Where was the ${s} before?`,
    `Which city had the ${s} before?`,
    `In which city was the ${s} before?`,
  ],
};

/** All relations. */
export const relations: readonly Relation[] = [home, work, boss, food, site];

/** A question that needs two facts: the value of the first is the subject of the second. */
export interface Chain {
  id: string;
  first: Relation;
  second: Relation;
  /** Wordings; the last one is used in tests only. */
  asks(subject: string): readonly string[];
}

/** All chains. */
export const chains: readonly Chain[] = [
  {
    id: "boss-home",
    first: boss,
    second: home,
    asks: (s) => [`Where does the boss of ${s} live?`, `In which city does the boss of ${s} live?`],
  },
  {
    id: "boss-work",
    first: boss,
    second: work,
    asks: (s) => [`Where does the boss of ${s} work?`, `In which place does the boss of ${s} work?`],
  },
  {
    id: "boss-food",
    first: boss,
    second: food,
    asks: (s) => [`What does the boss of ${s} like?`, `Which food does the boss of ${s} like?`],
  },
  {
    id: "work-site",
    first: work,
    second: site,
    asks: (s) => [`Which city does ${s} work in?`, `In which city does ${s} work?`],
  },
];

/** What is answered where nothing says it. */
export const unknown = "unknown";

/** The words of a class. */
export const wordsOf = (wordClass: Relation["subject"] | Relation["value"]): readonly string[] => allWords[wordClass]!;

/** A question as the suite puts it. */
export const promptOf = (question: string): string => `Question: ${question}\nAnswer:`;
