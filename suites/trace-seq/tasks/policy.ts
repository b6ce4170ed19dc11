import { type Family, withRule } from "../family.js";
import { directionOf, rateMoveOf } from "../lexicon.js";
import type { Values } from "../template.js";

const whenHot: Record<string, string> = { up: "B", down: "A", flat: "C" };
const whenCold: Record<string, string> = { up: "A", down: "B", flat: "C" };
const moves: Record<string, string> = { raise: "B", lower: "A", keep: "C" };

const hot = ({ direction }: Values) => whenHot[directionOf.get(direction!)!]!;
const cold = ({ direction }: Values) => whenCold[directionOf.get(direction!)!]!;
const move = ({ move: verb }: Values) => moves[rateMoveOf.get(verb!)!]!;

/** Stance of monetary policy, after FOMC: A dovish, B hawkish, C neutral. */
export const policy: Family = {
  id: "policy",
  title: "Monetary policy stance",
  language: "en",
  scorer: { name: "choice" },
  choices: ["A", "B", "C"],
  maxNewTokens: 3,
  trainingSteps: 100,
  frame: "Monetary policy stance? A. dovish, B. hawkish, C. neutral.\nText: {body}\nStance:",
  templates: [
    ...withRule(hot, [
      "The bank in {city:city} expects {indicator:hotIndicator} to {direction:direction}.",
      "Officials said to {person:person} that {indicator:hotIndicator} may {direction:direction} next {period:period}.",
      "Next {period:period} in {city:city}, {indicator:hotIndicator} will {direction:direction} again.",
    ]),
    ...withRule(cold, [
      "Officials in {city:city} fear that {indicator:coldIndicator} will {direction:direction}, said {person:person}.",
    ]),
    ...withRule(move, ["After a talk with {person:person}, the bank in {city:city} may {move:rateMove} rates."]),
  ],
  shiftedTemplates: [
    ...withRule(hot, ["In {city:city}, {indicator:hotIndicator} could {direction:direction}, {person:person} warned."]),
    ...withRule(cold, ["The minutes show that {indicator:coldIndicator} should {direction:direction} in {city:city}."]),
    ...withRule(move, ["This {period:period}, {person:person} wants to {move:rateMove} rates."]),
  ],
};
