import { differing, type Family, withRule } from "../family.js";
import type { Values } from "../template.js";

const sum = ({ a, b }: Values) => String(Number(a) + Number(b));
const difference = ({ a, b }: Values) => String(Number(a) - Number(b));
const enough = ({ a, b }: Values) => Number(a) >= Number(b);

/** Word problems with one addition or subtraction. */
export const arithmetic: Family = {
  id: "arithmetic",
  title: "Word problems",
  language: "en",
  scorer: { name: "number" },
  maxNewTokens: 4,
  frame: "Question: {body}\nAnswer:",
  templates: [
    ...withRule(sum, [
      "{person:person} has {a:digit} {object:object} and gets {b:digit} more. How many {object}?",
      "{person:person} finds {a:digit} {object:object} and then {b:digit} {object}. How many {object}?",
    ]),
    ...withRule(
      sum,
      ["{person:person} has {a:digit} {object:object}. {other:person} has {b:digit} {object}. How many in all?"],
      differing("person", "other"),
    ),
    ...withRule(
      difference,
      ["{person:person} has {a:digit} {object:object} and loses {b:digit}. How many {object} are left?"],
      enough,
    ),
  ],
};
