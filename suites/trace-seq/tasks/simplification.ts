import { differing, type Family, withRule } from "../family.js";
import { plainGermanOf } from "../lexicon.js";
import type { Values } from "../template.js";

const plain = (word: string | undefined) => plainGermanOf.get(word!)!;
const core = ({ actor, act, matter }: Values) => `Die ${actor} ${plain(act)} neue ${plain(matter)}.`;
const located = ({ actor, act, matter, town }: Values) => `Die ${actor} in ${town} ${plain(act)} ${plain(matter)}.`;
const both = ({ actor, act, matter, other }: Values) =>
  `Die ${actor} ${plain(act)} ${plain(matter)} und ${plain(other)}.`;

/** Simplification of German news, after 20Minuten: plain words, no asides. */
export const simplification: Family = {
  id: "simplification",
  title: "Simplification (German)",
  language: "de",
  scorer: { name: "sari" },
  bodyIsSource: true,
  maxNewTokens: 14,
  trainingSteps: 70,
  frame: "Vereinfache den Satz.\nSatz: {body}\nEinfach:",
  templates: [
    ...withRule(core, [
      "Die {actor:actor}, welche in {town:town} tagt, {act:act} nach langer Sitzung neue {matter:matter}.",
    ]),
    ...withRule(located, ["Die {actor:actor} in {town:town} {act:act} heute rund {count:digit} neue {matter:matter}."]),
    ...withRule(
      both,
      ["Nach langer Sitzung in {town:town} {act:act} die {actor:actor} viele {matter:matter} und {other:matter}."],
      differing("matter", "other"),
    ),
  ],
  shiftedTemplates: [
    ...withRule(core, ["Wie es in {town:town} heißt, {act:act} die {actor:actor} trotz Kritik neue {matter:matter}."]),
    ...withRule(located, [
      "Seit gestern {act:act} die {actor:actor} in {town:town} etwa {count:digit} {matter:matter}.",
    ]),
  ],
};
