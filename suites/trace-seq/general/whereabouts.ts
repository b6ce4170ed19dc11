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
    ...withRule("{a}", ["{p:person} is in {a:city}. {q:person} is in {b:city}. Where is {p}?"], distinct),
    ...withRule("{b}", ["{p:person} is in {a:city}. {q:person} is in {b:city}. Where is {q}?"], distinct),
    ...withRule(
      "{b}",
      ["{p:person} is in {a:city}. {q:person} is in {b:city}. {r:person} is in {c:city}. Where is {q}?"],
      differing("p", "q", "r"),
    ),
  ],
};
