import { SubsequenceIndex } from "./longest-common-subsequence.js";
import { pythonSplit } from "./python-text.js";

/** Keeps the package's F from dividing by 0; an exact match is worth a little less than 1. */
const epsilon = 1e-8;

/** Each sentence's words, equal sentences once. A sentence of white space is the empty word, as the package has it. */
function sentencesOf(text: string): string[][] {
  const sentences = text.split(".").filter((sentence) => sentence !== "");
  return [...new Set(sentences.map((sentence) => pythonSplit(sentence).join(" ")))].map((line) => line.split(" "));
}

/**
 * ROUGE-L of the Python package `rouge` 1.0.1, as TRACE calls it: sentences end at dots, words are case-sensitive, and the
 * words of all longest common subsequences of a sentence here and one there are united into a set, which is measured
 * against the sets of words of both texts. The package takes the reference for the hypothesis in TRACE's call, which
 * decides between subsequences of equal length.
 *
 * @returns 0 where either text has no sentence; the package throws there, or TRACE leaves the pair out of the sum.
 */
export function rougeSummary(reference: string, output: string): number {
  const [expected, given] = [sentencesOf(reference), sentencesOf(output)];
  if (expected.length === 0 || given.length === 0) return 0;
  const [expectedWords, givenWords] = [new Set(expected.flat()), new Set(given.flat())];
  const indexes = expected.map((words) => new SubsequenceIndex(words));
  const holders = new Map<string, number[]>();
  expected.forEach((words, index) => {
    for (const word of new Set(words)) {
      if (!holders.has(word)) holders.set(word, []);
      holders.get(word)!.push(index);
    }
  });
  const union = new Set<string>();
  for (const words of given) {
    // A sentence there adds nothing where all words that it shares with this one are united already.
    const missing = [...new Set(words)].filter((word) => holders.has(word) && !union.has(word));
    for (const index of new Set(missing.flatMap((word) => holders.get(word)!))) {
      for (const word of indexes[index]!.subsequenceWith(words)) union.add(word);
      if (missing.every((word) => union.has(word))) break;
    }
  }
  const recall = union.size / givenWords.size;
  const precision = union.size / expectedWords.size;
  return (2 * (precision * recall)) / (precision + recall + epsilon);
}
