import { defineScorer } from "../contract/define.js";
import { Type } from "../contract/type.js";
import { longestCommonSubsequence } from "./longest-common-subsequence.js";
import { rougeSummary } from "./rouge-summary.js";
import { bestOver, fMeasure, plainScore } from "./scores.js";
import { unicodeTokens } from "./tokens.js";

const latinOnly = /^[\p{Script=Latin}\P{L}]*$/u;

/** The tokens of Google's rouge_score without stemming: runs of a–z and 0–9 in lower case. */
function latinTokens(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

/** F-measure of the longest common subsequence of tokens; 0 where either text has none. */
function lcsF(reference: string, output: string, tokens: (text: string) => string[]): number {
  const expected = tokens(reference);
  const given = tokens(output);
  if (expected.length === 0 || given.length === 0) return 0;
  const common = longestCommonSubsequence(expected, given);
  return fMeasure(common / given.length, common / expected.length);
}

/**
 * ROUGE-L F-measure as Google's rouge_score gives it, without stemming. That tokenizer drops every letter beyond a–z,
 * so a reference with letters of another script than Latin is split by Unicode words and single Chinese characters.
 * The implementation `rouge` is that of the package rouge 1.0.1 at summary level, with which TRACE scores.
 */
export const rougeL = defineScorer({
  name: "rouge-l",
  version: 1,
  summary: "ROUGE-L F-measure, best over the references.",
  source: "Lin 2004; rouge_score 0.1.2; rouge 1.0.1 for TRACE (2310.06762)",
  options: {
    tokenizer: Type.Optional(
      Type.Enum(["rouge", "unicode"], {
        description: "When absent: unicode for a reference with letters beyond the Latin script, rouge otherwise",
      }),
    ),
    implementation: Type.Optional(
      Type.Enum(["rouge-score", "rouge"], {
        description: "Which package's ROUGE-L; rouge-score when absent, and rouge takes no tokenizer",
      }),
    ),
  },
  score(example, output, options) {
    const best = bestOver(example.references, (reference) => {
      if (options.implementation === "rouge") return rougeSummary(reference, output);
      const kind = options.tokenizer ?? (latinOnly.test(reference) ? "rouge" : "unicode");
      return lcsF(reference, output, kind === "rouge" ? latinTokens : unicodeTokens);
    });
    return plainScore(best, output);
  },
});
