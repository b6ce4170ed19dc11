import { type Family, withRule } from "../family.js";
import { capitalOf, legsOf } from "../lexicon.js";
import type { Values } from "../template.js";

const capital = ({ country }: Values) => capitalOf.get(country!)!;
const legs = ({ animals }: Values) => legsOf.get(animals!)!;

/** Facts of the world: capitals and legs. The probe asks in wordings that pretraining did not pair with the item. */
export const facts: Family = {
  id: "facts",
  title: "Facts",
  language: "en",
  scorer: { name: "exact-match" },
  maxNewTokens: 3,
  frame: "Question: {body}\nAnswer:",
  templates: [
    ...withRule(capital, [
      "What is the capital of {country:country}?",
      "Which city is the capital of {country:country}?",
      "Name the capital of {country:country}.",
      "{person:person} visits the capital of {country:country}. Which city is it?",
    ]),
    ...withRule(legs, [
      "How many legs do {animals:animals} have?",
      "On how many legs do {animals:animals} walk?",
      "{person:person} draws one of the {animals:animals}. How many legs does it need?",
      "What is the number of legs of {animals:animals}?",
    ]),
  ],
};
