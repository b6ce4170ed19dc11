import { differing, type Family, withRule } from "../family.js";

const distinct = differing("p", "q");

/** Where somebody is, after reading where two people are. */
export const whereabouts: Family = {
  id: "whereabouts",
  title: "Where somebody is",
  language: "en",
  scorer: { name: "exact-match" },
  maxNewTokens: 4,
  frame: "Question: {body}\nAnswer:",
  templates: [
    ...withRule("{a}", ["{p:person} is in the {a:place}. {q:person} is in the {b:place}. Where is {p}?"], distinct),
    ...withRule("{b}", ["{p:person} is in the {a:place}. {q:person} is in the {b:place}. Where is {q}?"], distinct),
    ...withRule("{b}", ["{p:person} goes from the {a:place} to the {b:place}. Where is {p}?"], differing("a", "b")),
  ],
};
