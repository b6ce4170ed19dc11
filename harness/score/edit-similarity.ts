import { defineScorer } from "../contract/define.js";
import { Type } from "../contract/type.js";
import { sequenceRatio } from "./difflib.js";
import { longestCommonSubsequence } from "./longest-common-subsequence.js";
import { pythonRound, pythonStrip } from "./python-text.js";
import { bestOver, plainScore } from "./scores.js";

/** 2·LCS / (|a| + |b|) over code points: 1 minus the insertions and deletions needed, normalized. */
function similarity(answer: string, reference: string): number {
  const [a, b] = [pythonStrip(answer), pythonStrip(reference)];
  const left = [...a];
  const right = [...b];
  const total = left.length + right.length;
  return total === 0 ? 1 : (2 * longestCommonSubsequence(left, right)) / total;
}

/** `fuzz.ratio` of fuzzywuzzy without python-Levenshtein: difflib's ratio of the texts as they are, in whole percent. */
function wholePercent(answer: string, reference: string): number {
  if (answer === "" || reference === "") return 0;
  return pythonRound(100 * sequenceRatio(answer, reference)) / 100;
}

/** Replaces the placeholders of Py150 for literals by their values, as CodeXGLUE and TRACE do before scoring. */
function unwrapLiterals(code: string): string {
  return code
    .replaceAll("<NUM_LIT>", "0")
    .replace(/<(?:STR|CHAR)_LIT>/g, "")
    .replace(/<(?:STR|NUM|CHAR)_LIT:(.*?)>/gs, "$1");
}

/**
 * The fuzz ratio on 0..1. As rapidfuzz computes it: from the longest common subsequence, not rounded, with answer and
 * reference trimmed. As fuzzywuzzy does, which TRACE uses: difflib's ratio of both texts as they are, in whole percent.
 */
export const editSimilarity = defineScorer({
  name: "edit-similarity",
  version: 2,
  summary: "Normalized edit similarity (fuzz ratio), best over the references.",
  source: "rapidfuzz fuzz.ratio; CodeXGLUE (2102.04664); fuzzywuzzy 0.18 for TRACE (2310.06762)",
  options: {
    unwrapLiterals: Type.Optional(
      Type.Boolean({ description: "Unwrap the placeholders <STR_LIT:…>, <NUM_LIT:…> of Py150" }),
    ),
    implementation: Type.Optional(
      Type.Enum(["rapidfuzz", "fuzzywuzzy"], {
        description: "Which package's ratio; rapidfuzz when absent",
      }),
    ),
  },
  score(example, output, options) {
    const prepare = (text: string) => (options.unwrapLiterals === true ? unwrapLiterals(text) : text);
    const ratio = options.implementation === "fuzzywuzzy" ? wholePercent : similarity;
    const given = prepare(output);
    return plainScore(
      bestOver(example.references, (reference) => ratio(given, prepare(reference))),
      output,
    );
  },
});
