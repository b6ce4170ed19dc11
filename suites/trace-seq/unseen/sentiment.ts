import { type Family, withRule } from "../family.js";
import { qualityOf } from "../lexicon.js";
import type { Values } from "../template.js";

const letters: Record<string, string> = { good: "A", bad: "B", plain: "C" };
const letter = ({ quality }: Values) => letters[qualityOf.get(quality!)!]!;

/** Sentiment of a review: never trained; the letters and their form are those of stance and policy. */
export const sentiment: Family = {
  id: "unseen-sentiment",
  title: "Sentiment of reviews (never trained)",
  language: "en",
  scorer: { name: "choice" },
  choices: ["A", "B", "C"],
  maxNewTokens: 3,
  frame: "Review sentiment? A. good, B. bad, C. plain.\nText: {body}\nSentiment:",
  templates: withRule(letter, [
    "{person:person} says the {food:food} in {city:city} is {quality:quality}.",
    "What {quality:quality} {food:food}, says {person:person}.",
    "The {place:place} was {quality:quality}, and {person:person} had {food:food}.",
  ]),
};
