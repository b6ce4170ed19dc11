import type { Scorer } from "../contract/plugin.js";
import { longestCommonSubsequence } from "./longest-common-subsequence.js";
import { bestOver, plainScore } from "./scores.js";

/** 2·LCS / (|a| + |b|) over code points: 1 minus the insertions and deletions needed, normalized. */
function similarity(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  const total = left.length + right.length;
  return total === 0 ? 1 : (2 * longestCommonSubsequence(left, right)) / total;
}

/** Replaces the placeholders of Py150 for literals by what they stand for, as CodeXGLUE and TRACE do before scoring. */
function unwrapLiterals(code: string): string {
  return code
    .replaceAll("<NUM_LIT>", "0")
    .replace(/<(?:STR|CHAR)_LIT>/g, "")
    .replace(/<(?:STR|NUM|CHAR)_LIT:(.*?)>/gs, "$1");
}

/** The fuzz ratio of rapidfuzz and thefuzz on 0..1, not rounded. Answer and reference are trimmed. */
export const editSimilarity: Scorer = {
  name: "edit-similarity",
  version: 1,
  summary: "Normalized edit similarity (fuzz ratio), best over the references.",
  source: "rapidfuzz fuzz.ratio; CodeXGLUE (2102.04664)",
  options: {
    properties: {
      unwrapLiterals: { type: "boolean", description: "Unwrap the placeholders <STR_LIT:…>, <NUM_LIT:…> of Py150" },
    },
  },
  score(example, output, options) {
    const prepare = (text: string) => (options.unwrapLiterals === true ? unwrapLiterals(text) : text).trim();
    const given = prepare(output);
    return plainScore(
      bestOver(example.references, (reference) => similarity(given, prepare(reference))),
      output,
    );
  },
};
