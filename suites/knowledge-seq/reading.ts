import type { RandomStream } from "../../harness/contract/random.js";
import { chains, promptOf, type Relation, relations, unknown, wordsOf } from "./relations.js";

/** A prompt with its answer. */
export interface ReadingItem {
  prompt: string;
  answer: string;
}

/** Most passages before a question, beyond those that answer it. */
const mostDistractors = 4;

/** A fact of a made-up world, as a passage. */
interface Passage {
  relation: Relation;
  subject: string;
  value: string;
  old?: string;
  text: string;
}

/**
 * What the suite's base model learns to do: answer from the passages before a question, and say that it is unknown where
 * they do not tell. Facts are drawn anew for each item, so that none of them can be known by heart.
 */
export function readingItem(random: RandomStream): ReadingItem {
  const chance = random.uniform();
  if (chance < 0.06) return { prompt: promptOf(questionOf(drawFact(random), random)), answer: unknown };
  return chance < 0.33 ? chainItem(random) : factItem(random);
}

function factItem(random: RandomStream): ReadingItem {
  const fact = drawFact(random);
  const before = random.uniform() < 0.3;
  const question = before ? random.pick(fact.relation.asksBefore(fact.subject)) : questionOf(fact, random);
  const told = random.uniform() < 0.8;
  const answer = told ? (before ? fact.old : fact.value) : undefined;
  return assemble(told ? [fact] : [], fact, question, answer, random);
}

function chainItem(random: RandomStream): ReadingItem {
  const chain = random.pick(chains);
  const first = drawFact(random, chain.first);
  const second = drawFact(random, chain.second, first.value);
  const complete = random.uniform() < 0.8;
  const told = complete ? [first, second] : random.sample([first, second], 1);
  return assemble(told, first, random.pick(chain.asks(first.subject)), complete ? second.value : undefined, random, [
    second,
  ]);
}

/** Puts distractors around what is told: of the same subject, of the same relation, or any; none says anything of the facts asked for. */
function assemble(
  told: readonly Passage[],
  fact: Passage,
  question: string,
  answer: string | undefined,
  random: RandomStream,
  further: readonly Passage[] = [],
): ReadingItem {
  const taken = new Set([fact, ...further, ...told].map(keyOf));
  const passages = [...told];
  const wanted = told.length + random.integer(mostDistractors + 1 - (told.length - 1));
  for (let draws = 0; passages.length < wanted && draws < 50; draws++) {
    const kind = random.uniform();
    const candidate =
      kind < 0.4
        ? drawFact(random, undefined, fact.subject)
        : kind < 0.75
          ? drawFact(random, random.pick([fact, ...further]).relation)
          : drawFact(random);
    if (taken.has(keyOf(candidate))) continue;
    taken.add(keyOf(candidate));
    passages.push(candidate);
  }
  const texts = random.shuffle(passages).map(({ text }) => `${text}\n`);
  return { prompt: texts.join("") + promptOf(question), answer: answer ?? unknown };
}

const keyOf = ({ relation, subject }: Passage): string => `${relation.id} ${subject}`;

const questionOf = ({ relation, subject }: Passage, random: RandomStream): string =>
  random.pick(relation.asks(subject));

function drawFact(random: RandomStream, relation?: Relation, subject?: string): Passage {
  const isPlace = subject !== undefined && wordsOf("place").includes(subject);
  const fitting = relations.filter((one) => subject === undefined || (one.subject === "place") === isPlace);
  const chosen = relation ?? random.pick(fitting);
  const of = subject ?? random.pick(wordsOf(chosen.subject));
  const [value, old] = random.sample(
    wordsOf(chosen.value).filter((word) => word !== of),
    2,
  ) as [string, string];
  const changed = random.uniform() < 0.35;
  return {
    ...{ relation: chosen, subject: of, value },
    ...(changed && { old }),
    text: changed ? chosen.changes(of, old, value) : chosen.states(of, value),
  };
}
