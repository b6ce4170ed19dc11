import type { Example } from "../../harness/contract/suite.js";
import { textInput } from "../../harness/contract/suite.js";
import { type Chain, chains, promptOf, unknown } from "./relations.js";
import type { Fact, Group } from "./world.js";

/** Wordings that training uses; those behind them are for validation and tests. */
const trained = 2;

/** What a group's first documents teach, as questions: for trainers that train weights. */
export function firstTraining({ facts }: Group): Example[] {
  return facts.filter(isFirst).flatMap((fact) => wordings(fact.relation.asks(fact.subject), fact.value));
}

/** What the later documents teach. */
export function laterTraining({ facts }: Group): Example[] {
  return facts.flatMap(({ relation, subject, fate, value, newValue }) => {
    const asks = relation.asks(subject);
    if (fate === "changed") return [...wordings(asks, newValue), ...wordings(relation.asksBefore(subject), value)];
    if (fate === "retracted") return wordings(asks, unknown);
    return fate === "late" ? wordings(asks, value) : [];
  });
}

/** The same questions as in training in a third wording. */
export function validationOf({ facts }: Group, later: boolean): Example[] {
  return facts.flatMap(({ relation, subject, fate, value, newValue }) =>
    fate === "changed" ? [example(relation.asks(subject)[trained]!, later ? newValue : value)] : [],
  );
}

/** Questions whose answers are the same from the first documents on. */
export function firstTest({ facts }: Group): Example[] {
  const stable = facts.filter(({ fate }) => fate === "stable");
  const never = facts.filter(({ fate }) => fate === "never");
  return [
    ...stable.map((fact) => asked(fact, fact.value, "single-hop")),
    ...chainsOf(facts, ({ fate }) => fate === "stable").map((found) => chained(found, "multi-hop")),
    ...never.map((fact) => asked(fact, unknown, "unanswerable")),
    ...stable
      .filter((_, index) => index % 3 === 0)
      .map(({ relation, subject }) => example(relation.asksBefore(subject).at(-1)!, unknown, "unanswerable")),
  ];
}

/** Questions about what the later documents change, what follows from it, and what they leave as it was. */
export function laterTest({ facts }: Group): Example[] {
  const of = (fate: Fact["fate"]) => facts.filter((fact) => fact.fate === fate);
  const known = chainsOf(facts, ({ fate }) => fate !== "retracted" && fate !== "never");
  return [
    ...of("changed").map((fact) => asked(fact, fact.newValue, "update")),
    ...of("changed").map(({ relation, subject, value }) =>
      example(relation.asksBefore(subject).at(-1)!, value, "temporal"),
    ),
    ...known
      .filter(({ first, second }) => first.fate === "changed" || second.fate === "changed")
      .map((found) => chained(found, "portability")),
    ...of("retracted").map((fact) => asked(fact, unknown, "retracted")),
    ...of("late").map((fact) => asked(fact, fact.value, "added")),
    ...of("stable").map(({ relation, subject, value }) => example(relation.asks(subject)[trained]!, value, "locality")),
  ];
}

const isFirst = ({ fate }: Fact): boolean => fate !== "late" && fate !== "never";

/** The value at the end. */
const finalValue = ({ fate, value, newValue }: Fact): string => (fate === "changed" ? newValue : value);

interface FoundChain {
  chain: Chain;
  first: Fact;
  second: Fact;
}

/** Chains of two facts that both hold at the end and pass. */
function chainsOf(facts: readonly Fact[], passes: (fact: Fact) => boolean): FoundChain[] {
  return chains.flatMap((chain) =>
    facts
      .filter((fact) => fact.relation === chain.first && passes(fact))
      .flatMap((first) => {
        const second = facts.find((fact) => fact.relation === chain.second && fact.subject === finalValue(first));
        return second !== undefined && passes(second) ? [{ chain, first, second }] : [];
      }),
  );
}

const asked = ({ relation, subject }: Fact, answer: string, aspect: string): Example =>
  example(relation.asks(subject).at(-1)!, answer, aspect);

const chained = ({ chain, first, second }: FoundChain, aspect: string): Example =>
  example(chain.asks(first.subject).at(-1)!, finalValue(second), aspect);

const wordings = (questions: readonly string[], answer: string): Example[] =>
  questions.slice(0, trained).map((question) => example(question, answer));

/** An item whose id is its question: no question occurs twice in a split. */
function example(question: string, answer: string, aspect?: string): Example {
  return {
    id: question,
    input: textInput(promptOf(question)),
    references: [answer],
    ...(aspect !== undefined && { aspect }),
  };
}
