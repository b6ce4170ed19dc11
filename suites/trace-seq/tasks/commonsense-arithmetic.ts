import { type Family, withRule } from "../family.js";
import { legsOf } from "../lexicon.js";
import type { Values } from "../template.js";

const allLegs = ({ count, animals }: Values) => String(Number(count) * Number(legsOf.get(animals!)));

/** Arithmetic that needs to know the world, after NumGLUE-cm: how many legs do so many animals have? */
export const commonsenseArithmetic: Family = {
  id: "commonsense-arithmetic",
  title: "Commonsense arithmetic",
  language: "en",
  scorer: { name: "number" },
  maxNewTokens: 4,
  trainingSteps: 140,
  frame: "Solve the math problem.\nQuestion: {body}\nAnswer:",
  templates: withRule(allLegs, [
    "{person:person} has {count:several} {animals:animals}. How many legs altogether?",
    "There are {count:several} {animals:animals} in the {place:place}. How many legs are there?",
    "{person:person} saw {count:several} {animals:animals} in the {place:place}. How many legs?",
  ]),
  shiftedTemplates: withRule(allLegs, [
    "At the {place:place}, {person:person} counts the legs of {count:several} {animals:animals}. How many?",
    "{count:several} {animals:animals} follow {person:person}. What is the number of their legs?",
  ]),
};
