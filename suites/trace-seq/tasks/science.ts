import { type Family, withRule } from "../family.js";
import { kindOf } from "../lexicon.js";
import type { Values } from "../template.js";

const kindsThat: Record<string, readonly string[]> = {
  conducts: ["metal"],
  erodes: ["rock"],
  rises: ["gas"],
  breathes: ["creature"],
  burns: ["plant", "cloth"],
  sinks: ["metal", "rock"],
  ripens: ["fruit"],
  grows: ["plant", "creature"],
};

const letters = ["A", "B", "C"] as const;

const fitting = (values: Values) =>
  letters.filter((letter) => kindsThat[values.property!]!.includes(kindOf.get(values[letter]!)!));

const reasoned = (values: Values) => {
  const letter = fitting(values)[0]!;
  return `${letter}. ${values[letter]} is a ${kindOf.get(values[letter]!)}`;
};

const oneFits = (values: Values) => fitting(values).length === 1;

/** Multiple choice in science with a reason, after ScienceQA: answered by letter, thing and kind; scored on the letter. */
export const science: Family = {
  id: "science",
  title: "Science questions with reasons",
  language: "en",
  scorer: { name: "choice" },
  choices: ["A", "B", "C"],
  maxNewTokens: 10,
  trainingSteps: 300,
  frame: "Choose an answer and give your reason.\nQuestion: {body}\nAnswer:",
  templates: withRule(
    reasoned,
    [
      "Which one {property:property}? A. {A:thing} B. {B:thing} C. {C:thing}",
      "{person:person} asks what {property:property}. A. {A:thing} B. {B:thing} C. {C:thing}",
      "Which thing in the {place:place} {property:property}? A. {A:thing} B. {B:thing} C. {C:thing}",
    ],
    oneFits,
  ),
  shiftedTemplates: withRule(
    reasoned,
    [
      "Pick the one that {property:property}: A. {A:thing} B. {B:thing} C. {C:thing}",
      "Of these, what {property:property} near the {place:place}? A. {A:thing} B. {B:thing} C. {C:thing}",
    ],
    oneFits,
  ),
};
