import { type Family, withRule } from "../family.js";

const distinct = ({ p, q, f, g }: Record<string, string>) => p !== q && f !== g;

/** Yes or no, after reading two sentences. */
export const reading: Family = {
  id: "reading",
  title: "Reading, yes or no",
  language: "en",
  scorer: { name: "exact-match" },
  choices: ["yes", "no"],
  maxNewTokens: 3,
  frame: "Question: {body}\nAnswer:",
  templates: [
    ...withRule(
      "yes",
      [
        "{p:person} likes {f:food}. {q:person} hates {g:food}. Does {p} like {f}?",
        "{p:person} hates {f:food}. {q:person} likes {g:food}. Does {q} like {g}?",
        "{p:person} likes {f:food}. {q:person} likes {g:food}. Does {q} like {g}?",
      ],
      distinct,
    ),
    ...withRule(
      "no",
      [
        "{p:person} hates {f:food}. {q:person} likes {g:food}. Does {p} like {f}?",
        "{p:person} likes {f:food}. {q:person} hates {g:food}. Does {q} like {g}?",
        "{p:person} hates {f:food}. {q:person} hates {g:food}. Does {p} like {f}?",
      ],
      distinct,
    ),
  ],
};
