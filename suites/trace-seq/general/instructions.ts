import type { Family } from "../family.js";

const instruction = { language: "en", scorer: { name: "exact-match" }, frame: "Instruction: {body}\nResponse:" };

/** Says words as often and in the order that the instruction gives. */
export const repetition: Family = {
  ...instruction,
  id: "repetition",
  title: "Instructions: repeat",
  maxNewTokens: 6,
  templates: [
    { text: "Say {a:plainWord} twice.", answer: "{a} {a}" },
    { text: "Say {a:plainWord} three times.", answer: "{a} {a} {a}" },
    { text: "Write {a:plainWord} and then {b:plainWord}.", answer: "{a} {b}" },
    { text: "Write {a:plainWord} after {b:plainWord}.", answer: "{b} {a}" },
  ],
};

/** Picks and arranges words of a list. */
export const selection: Family = {
  ...instruction,
  id: "selection",
  title: "Instructions: select",
  maxNewTokens: 6,
  templates: [
    { text: "Give the first word of: {a:plainWord} {b:plainWord} {c:plainWord}", answer: "{a}" },
    { text: "Give the last word of: {a:plainWord} {b:plainWord} {c:plainWord}", answer: "{c}" },
    { text: "Reverse: {a:plainWord} {b:plainWord} {c:plainWord}", answer: "{c} {b} {a}" },
    { text: "Put in brackets: {a:plainWord}", answer: "( {a} )" },
  ],
};
