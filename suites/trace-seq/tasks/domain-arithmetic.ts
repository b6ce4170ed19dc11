import { type Family, withRule } from "../family.js";
import type { Values } from "../template.js";

const product = ({ rate, time }: Values) => String(Number(rate) * Number(time));
const sum = ({ first, second }: Values) => String(Number(first) + Number(second));
const days = ({ count }: Values) => String(Number(count) * 7);
const dozens = ({ count }: Values) => String(Number(count) * 12);

/** Arithmetic with the formulas of a domain, after NumGLUE-ds: speed, distance, weeks, dozens. */
export const domainArithmetic: Family = {
  id: "domain-arithmetic",
  title: "Domain arithmetic",
  language: "en",
  scorer: { name: "number" },
  maxNewTokens: 4,
  trainingSteps: 150,
  frame: "Solve the math problem.\nQuestion: {body}\nAnswer:",
  templates: [
    ...withRule(product, [
      "A {vehicle:vehicle} goes {rate:digit} {unit:unit} per hour for {time:several} hours. How far?",
    ]),
    ...withRule(sum, [
      "A {vehicle:vehicle} goes {first:digit} {unit:unit} and then {second:digit} {unit}. How far altogether?",
    ]),
    ...withRule(days, ["{person:person} stays in {city:city} for {count:several} weeks. How many days?"]),
    ...withRule(dozens, ["{person:person} has {count:several} dozen {object:object}. How many {object} are there?"]),
  ],
  shiftedTemplates: [
    ...withRule(product, [
      "For {time:several} hours the {vehicle:vehicle} of {person:person} goes {rate:digit} {unit:unit} per hour. How far is that?",
    ]),
    ...withRule(days, [
      "{person:person} rents a {vehicle:vehicle} in {city:city} for {count:several} weeks. How many days is that?",
    ]),
    ...withRule(dozens, ["There are {count:several} dozen {object:object} in the {place:place}. How many altogether?"]),
  ],
};
