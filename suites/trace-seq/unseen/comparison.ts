import { type Family, withRule } from "../family.js";
import type { Values } from "../template.js";

const difference = ({ a, b }: Values) => String(Number(a) - Number(b));

/** How many more: never trained; framed as the two arithmetic tasks are, answered as the base model subtracts. */
export const comparison: Family = {
  id: "unseen-comparison",
  title: "Comparing amounts (never trained)",
  language: "en",
  scorer: { name: "number" },
  maxNewTokens: 4,
  frame: "Solve the math problem.\nQuestion: {body}\nAnswer:",
  templates: withRule(
    difference,
    [
      "{person:person} has {a:digit} {object:object} and {other:person} has {b:digit}. How many more has {person}?",
      "{person:person} had {a:digit} {object:object} and gave {b:digit} to {other:person}. How many {object} are left?",
    ],
    ({ a, b, person, other }) => Number(a) > Number(b) && person !== other,
  ),
};
