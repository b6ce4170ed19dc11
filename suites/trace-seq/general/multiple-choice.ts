import { type Family, withRule } from "../family.js";
import { kindOf } from "../lexicon.js";
import type { Values } from "../template.js";

const letters = ["A", "B", "C"] as const;

const ofKind = (values: Values) => letters.filter((letter) => kindOf.get(values[letter]!) === values.kind);
const named = (values: Values) => letters.filter((letter) => values[letter] === kindOf.get(values.thing!));

/** Multiple choice about kinds of things. */
export const multipleChoice: Family = {
  id: "multiple-choice",
  title: "Multiple choice",
  language: "en",
  scorer: { name: "choice" },
  choices: ["A", "B", "C"],
  maxNewTokens: 3,
  frame: "Question: {body}\nAnswer:",
  templates: [
    ...withRule(
      (values) => ofKind(values)[0]!,
      ["Which is a {kind:kind}? A. {A:thing} B. {B:thing} C. {C:thing}"],
      (values) => ofKind(values).length === 1,
    ),
    ...withRule(
      (values) => named(values)[0]!,
      ["What is {thing:thing}? A. {A:kind} B. {B:kind} C. {C:kind}"],
      (values) => named(values).length === 1 && new Set(letters.map((letter) => values[letter])).size === 3,
    ),
  ],
};
