import { defineScorer } from "../contract/define.js";
import { Type } from "../contract/type.js";
import { answerPart } from "./answer-part.js";
import { pythonStrip } from "./python-text.js";
import { isReference } from "./scores.js";

const cue = /(?:final answer|answer|antwort|答案)\s*(?:is|ist|lautet|是|为)?\s*[:：]?\s*/giu;
const wrapping = new Set(" \"'“”‘’«»„`*()[]");
const closing = new Set([...wrapping, ...".。,，!！;；:："]);

/** Lower case, single spaces, no quotes or closing punctuation at the edges. */
function normalize(text: string): string {
  const spaced = text.replace(/\s+/gu, " ");
  let start = 0;
  let end = spaced.length;
  while (start < end && wrapping.has(spaced[start]!)) start++;
  while (end > start && closing.has(spaced[end - 1]!)) end--;
  return spaced.slice(start, end).toLowerCase();
}

/** What follows the last cue such as "The answer is", to the end of its line; else the first line that is not empty. */
function extract(output: string): string {
  const last = [...output.matchAll(cue)].at(-1);
  const rest = last === undefined ? output : output.slice(last.index + last[0].length);
  return rest.trim().split("\n", 1)[0]!;
}

/**
 * Strict: the answer is a reference, character for character, white space around both aside unless `raw`. Extracted: the
 * answer, or what follows a cue in it before the model runs on into another question, is a reference up to case, spacing,
 * quotes and closing punctuation.
 */
export const exactMatch = defineScorer({
  name: "exact-match",
  version: 2,
  summary: "The answer is the reference: strictly, and after extraction.",
  source: "harness; with raw texts the accuracy of TRACE (2310.06762)",
  options: { raw: Type.Optional(Type.Boolean({ description: "Strict: white space around the answer counts, too" })) },
  score(example, output, { raw }) {
    const text = pythonStrip(output);
    const strict = isReference(example.references, output, raw);
    const candidates = [normalize(text), normalize(extract(answerPart(text)))];
    const lenient = strict || example.references.some((reference) => candidates.includes(normalize(reference)));
    const lines = Math.max(...example.references.map((reference) => pythonStrip(reference).split("\n").length));
    return {
      score: Number(strict),
      extracted: Number(lenient),
      valid: text !== "" && text.split("\n").length <= lines,
    };
  },
});
