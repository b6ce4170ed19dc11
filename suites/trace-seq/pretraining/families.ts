import { differing, type Family, withRule } from "../family.js";
import { generalFamilies } from "../general/index.js";
import { decisionOf, directionOf, kindOf, plainGermanOf, polarityOf, qualityOf, rateMoveOf } from "../lexicon.js";
import type { Values } from "../template.js";

const frame = "Question: {body}\nAnswer:";
const plain = { title: "", language: "en", scorer: { name: "exact-match" }, maxNewTokens: 12, frame };

const sums: Family = {
  ...plain,
  id: "sums",
  templates: [
    ...withRule(({ a, b }: Values) => String(Number(a) + Number(b)), ["{a:digit} + {b:digit} =?"]),
    ...withRule(
      ({ a, b }: Values) => String(Number(a) - Number(b)),
      ["{a:digit} - {b:digit} =?"],
      ({ a, b }) => Number(a) >= Number(b),
    ),
    ...withRule(({ a, b }: Values) => String(Number(a) * Number(b)), ["{a:digit} * {b:digit} =?"]),
  ],
};

const kindByClass: [string, (word: string) => string | undefined][] = [
  ["direction", (word) => directionOf.get(word)],
  ["rateMove", (word) => rateMoveOf.get(word)],
  ["decision", (word) => decisionOf.get(word)],
  ["quality", (word) => qualityOf.get(word)],
  ["hotIndicator", () => "heat"],
  ["coldIndicator", () => "chill"],
  ["object", () => "object"],
  ["place", () => "place"],
  ["food", () => "food"],
  ["colour", () => "colour"],
  ["animals", () => "animals"],
  ["city", () => "city"],
  ["country", () => "country"],
  ["issue", () => "issue"],
  ["vehicle", () => "vehicle"],
  ["unit", () => "unit"],
  ["person", () => "person"],
];

const wordKinds: Family = {
  ...plain,
  id: "word-kinds",
  templates: kindByClass.map(([wordClass, kind]) => ({
    text: `What kind of word is {word:${wordClass}}?`,
    answer: ({ word }) => kind(word!)!,
  })),
};

const options = ["A", "B", "C"] as const;
const fittingOption = (values: Values) => options.find((letter) => values[letter] === kindOf.get(values.thing!))!;
const oneOptionFits = (values: Values) =>
  new Set([values.A, values.B, values.C]).size === 3 && fittingOption(values) !== undefined;

const sorting: Family = {
  ...plain,
  id: "sorting",
  frame: "{body}\nKind:",
  templates: withRule(
    fittingOption,
    [
      "What kind? A. {A:kind}, B. {B:kind}, C. {C:kind}.\nWord: {thing:thing}",
      "Which kind? A. {A:kind}, B. {B:kind}, C. {C:kind}.\nText: {person:person} has {thing:thing} in {city:city}.",
      "Which kind? A. {A:kind}, B. {B:kind}, C. {C:kind}.\nText: In the {place:place} there is {thing:thing}, says {person:person}.",
    ],
    oneOptionFits,
  ),
};

const lookUp: Family = {
  ...plain,
  id: "look-up",
  templates: [
    ...withRule(
      (values: Values) => options.find((letter) => values[letter] === values.thing)!,
      [
        "Where is {thing:thing}? A. {A:thing} B. {B:thing} C. {C:thing}",
        "A. {A:thing} B. {B:thing} C. {C:thing}. Where is {thing:thing}?",
      ],
      ({ thing, A, B, C }) => [A, B, C].filter((option) => option === thing).length === 1,
    ),
    ...withRule(
      "{b}",
      ["{p:person}: {a:place}, {q:person}: {b:place}, {r:person}: {c:place}. And {q}?"],
      differing("p", "q", "r"),
    ),
    ...withRule(
      "{a}",
      ["{p:person}: {a:food}, {q:person}: {b:food}, {r:person}: {c:food}. And {p}?"],
      differing("p", "q", "r"),
    ),
    ...withRule(
      "{c}",
      ["{p:person}: {a:colour}, {q:person}: {b:colour}, {r:person}: {c:colour}. And {r}?"],
      differing("p", "q", "r"),
    ),
  ],
};

const thingKinds: Family = {
  ...plain,
  id: "thing-kinds",
  templates: withRule(
    ({ thing }: Values) => kindOf.get(thing!)!,
    ["What is {thing:thing}?", "What kind of thing is {thing:thing}?"],
  ),
};

const german: Family = {
  ...plain,
  id: "german-words",
  templates: ["act", "matter"].map((wordClass) => ({
    text: `Was heißt {word:${wordClass}} einfach?`,
    answer: ({ word }) => plainGermanOf.get(word!)!,
  })),
};

const polarityWords: Record<string, string> = { positive: "褒", negative: "贬", neutral: "中" };

const chinese: Family = {
  ...plain,
  id: "chinese-words",
  frame: "问：{body}\n答：",
  templates: [
    ...withRule(
      ({ word }: Values) => polarityWords[polarityOf.get(word!)!]!,
      ["{word:adjective}是褒还是贬？", "{speaker:speaker}说{topic:topic}很{word:adjective}，是褒还是贬？"],
    ),
    ...withRule("{topic}", ["{speaker:speaker}说{topic:topic}很{word:adjective}，他说什么？"]),
  ],
};

const chineseReading: Family = {
  ...plain,
  id: "chinese-reading",
  frame: "谁说{topic:topic}？读一读。\n句子：{body}\n答：",
  templates: withRule(
    "{speaker}",
    [
      "{speaker:speaker}说{topic}。",
      "{speaker:speaker}说{topic}，{other:speaker}说{further:topic}。",
      "{other:speaker}说{further:topic}，{speaker:speaker}说{topic}。",
      "{further:topic}是{other:speaker}说，{topic}是{speaker:speaker}说。",
    ],
    (values) => differing("speaker", "other")(values) && differing("topic", "further")(values),
  ),
};

const codeCopying: Family = {
  ...plain,
  id: "code-copying",
  frame: "Run: {body}\nOutput:",
  templates: [
    {
      text: "{x:variable} = {a:digit} ; {y:variable} = {b:digit} ; print ( {x} )",
      answer: "{a}",
      accepts: differing("x", "y"),
    },
    {
      text: "{x:variable} = {a:digit} ; {y:variable} = {x} ; print ( {y} )",
      answer: "{a}",
      accepts: differing("x", "y"),
    },
    { text: "def {f:function} ( {x:variable} ) ; help ( {f} )", answer: "{f} ( {x} )" },
  ],
};

/** What pretraining asks, with the share of each. The eight tasks and the two unseen ones are not among them. */
export const pretrainingFamilies: readonly { family: Family; share: number }[] = [
  ...generalFamilies.map(({ family }) => ({ family, share: generalShare(family.id) })),
  { family: sums, share: 4 },
  { family: sorting, share: 4 },
  { family: lookUp, share: 4 },
  { family: thingKinds, share: 3 },
  { family: wordKinds, share: 2.5 },
  { family: german, share: 0.7 },
  { family: chinese, share: 1.5 },
  { family: chineseReading, share: 2.5 },
  { family: codeCopying, share: 1 },
];

function generalShare(id: string): number {
  const shares: Record<string, number> = {
    arithmetic: 5,
    reading: 6,
    whereabouts: 9,
    facts: 2.5,
    "multiple-choice": 10,
    repetition: 1.5,
    selection: 2,
    refusal: 0.7,
    "over-refusal": 0.7,
  };
  return shares[id]!;
}
