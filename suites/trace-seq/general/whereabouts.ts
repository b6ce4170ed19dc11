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
    ...withRule("{a}", ["{p:person} visits {a:city}. {q:person} visits {b:city}. Where is {p}?"], distinct),
    ...withRule("{b}", ["{p:person} visits {a:city}. {q:person} visits {b:city}. Where is {q}?"], distinct),
    ...withRule(
      "{b}",
      ["{p:person} visits {a:city}. {q:person} visits {b:city}. {r:person} visits {c:city}. Where is {q}?"],
      differing("p", "q", "r"),
    ),
  ],
};
