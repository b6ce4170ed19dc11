import { defineScorer } from "../contract/define.js";
import { asciiPunctuation, pythonSplit } from "./python-text.js";
import { bestOver, fMeasure, plainScore } from "./scores.js";
import { spaceUnspacedScripts } from "./tokens.js";

/** SQuAD's normalization: lower case, no ASCII punctuation, no articles, split at white space. */
function tokens(text: string): string[] {
  const plain = spaceUnspacedScripts(text.toLowerCase().replace(asciiPunctuation, ""));
  return pythonSplit(plain.replace(/(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu, " "));
}

/** F1 of the common tokens as multisets; where one side has none, 1 if both have none. */
function f1(reference: string, output: string): number {
  const expected = tokens(reference);
  const given = tokens(output);
  if (expected.length === 0 || given.length === 0) return Number(expected.length === given.length);
  const left = new Map<string, number>();
  for (const token of expected) left.set(token, (left.get(token) ?? 0) + 1);
  let common = 0;
  for (const token of given) {
    const count = left.get(token) ?? 0;
    if (count > 0) common++;
    left.set(token, count - 1);
  }
  return fMeasure(common / given.length, common / expected.length);
}

/** Token F1 of SQuAD 2.0. Chinese, Japanese and Thai characters count as tokens of their own. */
export const tokenF1 = defineScorer({
  name: "token-f1",
  version: 2,
  summary: "F1 of the tokens that answer and reference share, best over the references.",
  source: "SQuAD 2.0 (1806.03822)",
  options: {},
  score: (example, output) =>
    plainScore(
      bestOver(example.references, (reference) => f1(reference, output)),
      output,
    ),
});
