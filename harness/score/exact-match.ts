import type { Scorer } from "../contract/plugin.js";

const cue = /(?:final answer|answer|antwort|答案)\s*(?:is|ist|lautet|是|为)?\s*[:：]?\s*/giu;
const edges = /^[\s"'“”‘’«»„`*()[\]]+|[\s"'“”‘’«»„`*()[\].。,，!！;；:：]+$/gu;

/** Lower case, single spaces, no quotes or closing punctuation at the edges. */
function normalize(text: string): string {
  return text.replace(/\s+/gu, " ").replace(edges, "").toLowerCase();
}

/** What follows the last cue such as "The answer is", to the end of its line; else the first line that is not empty. */
function extract(output: string): string {
  const last = [...output.matchAll(cue)].at(-1);
  const rest = last === undefined ? output : output.slice(last.index + last[0].length);
  return rest.trim().split("\n", 1)[0]!;
}

/**
 * Strict: the trimmed answer is a reference, character for character. Extracted: the answer, or what follows a cue in
 * it, is a reference up to case, spacing, quotes and closing punctuation.
 */
export const exactMatch: Scorer = {
  name: "exact-match",
  version: 1,
  summary: "The answer is the reference: strictly, and after extraction.",
  source: "harness; the strict score is the accuracy of TRACE (2310.06762)",
  options: { properties: {} },
  score(example, output) {
    const text = output.trim();
    const strict = example.references.some((reference) => reference.trim() === text);
    const candidates = [normalize(text), normalize(extract(text))];
    const lenient = strict || example.references.some((reference) => candidates.includes(normalize(reference)));
    const lines = Math.max(...example.references.map((reference) => reference.trim().split("\n").length));
    return {
      score: Number(strict),
      extracted: Number(lenient),
      valid: text !== "" && text.split("\n").length <= lines,
    };
  },
};
