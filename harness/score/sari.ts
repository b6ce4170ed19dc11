import type { Scorer } from "../contract/plugin.js";
import { inputText } from "../contract/suite.js";
import { fMeasure, plainScore } from "./scores.js";
import { tokenize13a } from "./tokenizer-13a.js";

type Counts = Map<string, number>;

/** The n-grams of a sentence with their counts, each count times `factor`. */
function ngrams(tokens: readonly string[], n: number, factor = 1): Counts {
  const counts: Counts = new Map();
  for (let i = 0; i + n <= tokens.length; i++) {
    const gram = tokens.slice(i, i + n).join(" ");
    counts.set(gram, (counts.get(gram) ?? 0) + factor);
  }
  return counts;
}

/** Combines the counts of the left side with those of the right; what does not stay above 0 is left out. */
function combine(left: Counts, right: Counts, merge: (a: number, b: number) => number): Counts {
  const result: Counts = new Map();
  for (const [gram, count] of left) {
    const merged = merge(count, right.get(gram) ?? 0);
    if (merged > 0) result.set(gram, merged);
  }
  return result;
}

const intersect = (left: Counts, right: Counts) => combine(left, right, Math.min);
const subtract = (left: Counts, right: Counts) => combine(left, right, (a, b) => a - b);
const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

/** 0/0 is 1: nothing was to be done and nothing was. */
const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : 1);

/** Mean over the n-grams of `all` of the share of their count that is in `good`. */
const meanShare = (good: Counts, all: Counts) =>
  ratio(sum([...good].map(([gram, count]) => count / all.get(gram)!)), all.size);

/** Keep (F1), delete (precision) and add (F1) for n-grams of one length (Xu et al. 2016, eqs. 3 to 8), averaged. */
function sariOfLength(source: string[], output: string[], references: string[][], n: number): number {
  const original = ngrams(source, n, references.length);
  const given = ngrams(output, n, references.length);
  const expected: Counts = new Map();
  for (const reference of references) {
    for (const [gram, count] of ngrams(reference, n)) expected.set(gram, (expected.get(gram) ?? 0) + count);
  }

  const kept = intersect(original, given);
  const keptRightly = intersect(kept, expected);
  const keepRecall = ratio(sum(keptRightly.values()), sum(intersect(original, expected).values()));
  const keep = fMeasure(meanShare(keptRightly, kept), keepRecall);

  const deleted = subtract(original, given);
  const deletion = meanShare(subtract(deleted, expected), deleted);

  const added = [...given.keys()].filter((gram) => !original.has(gram));
  const toAdd = [...expected.keys()].filter((gram) => !original.has(gram));
  const addedRightly = added.filter((gram) => expected.has(gram)).length;
  const addition = fMeasure(ratio(addedRightly, added.length), ratio(addedRightly, toAdd.length));

  return (keep + deletion + addition) / 3;
}

/** SARI of one sentence on 0..1: the mean over n-grams of one to four tokens, lower-cased, tokenized by 13a. */
function sariOf(source: string, output: string, references: readonly string[]): number {
  const tokenize = (text: string) => tokenize13a(text.toLowerCase());
  const [original, given, expected] = [tokenize(source), tokenize(output), references.map(tokenize)];
  return sum([1, 2, 3, 4].map((n) => sariOfLength(original, given, expected, n))) / 4;
}

/**
 * SARI as Hugging Face's `evaluate` computes it (0/0 = 1, the corrected recall of kept words), on 0..1. Compares with
 * the example's `source`; without one, with its whole input, the instruction included, as TRACE does.
 */
export const sari: Scorer = {
  name: "sari",
  version: 1,
  summary: "SARI: what a simplification keeps, deletes and adds rightly, over all references.",
  source: "Xu et al. 2016 (TACL 4, Q16-1029)",
  options: { properties: {} },
  score: (example, output) =>
    plainScore(sariOf(example.source ?? inputText(example.input), output, example.references), output),
};
