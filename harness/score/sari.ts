import { defineScorer } from "../contract/define.js";
import { inputText } from "../contract/suite.js";
import { Type } from "../contract/type.js";
import { fMeasure, plainScore } from "./scores.js";
import { tokenize13a } from "./tokenizer-13a.js";

/** N-grams by their numbers, with counts. */
type Counts = Map<number, number>;

/** Numbers things in the order of their first appearance. */
class Numbering<T> {
  readonly #numbers = new Map<T, number>();

  of(thing: T): number {
    const known = this.#numbers.get(thing);
    if (known !== undefined) return known;
    this.#numbers.set(thing, this.#numbers.size);
    return this.#numbers.size - 1;
  }
}

/** More than any text has tokens or n-grams, and small enough for exact products. */
const mostGrams = 2 ** 26;

/** From the (n − 1)-grams of each sentence its n-grams, equal ones with equal numbers: each its beginning and a token. */
function lengthen(grams: readonly number[][], sentences: readonly number[][], n: number): number[][] {
  const numbering = new Numbering<number>();
  return sentences.map((tokens, index) =>
    tokens.slice(n - 1).map((token, i) => numbering.of(grams[index]![i]! * mostGrams + token)),
  );
}

/** How often each n-gram occurs, times `factor`. */
function countsOf(grams: readonly number[], factor = 1): Counts {
  const counts: Counts = new Map();
  for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + factor);
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
function sariOfLength([source, output, ...references]: readonly number[][]): number {
  const original = countsOf(source!, references.length);
  const given = countsOf(output!, references.length);
  const expected = countsOf(references.flat());

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
  const words = new Numbering<string>();
  const sentences = [source, output, ...references].map((text) =>
    tokenize13a(text.toLowerCase()).map((token) => words.of(token)),
  );
  let grams = sentences;
  let total = sariOfLength(grams);
  for (const n of [2, 3, 4]) {
    grams = lengthen(grams, sentences, n);
    total += sariOfLength(grams);
  }
  return total / 4;
}

/**
 * SARI as Hugging Face's `evaluate` computes it (0/0 = 1, the corrected recall of kept words), on 0..1. Compares with
 * the example's `source`; without one, and where asked to, with its whole input, the instruction included.
 */
export const sari = defineScorer({
  name: "sari",
  version: 2,
  summary: "SARI: what a simplification keeps, deletes and adds rightly, over all references.",
  source: "Xu et al. 2016 (TACL 4, Q16-1029)",
  options: {
    against: Type.Optional(
      Type.Enum(["source", "input"], {
        description:
          "What an answer is compared with: the text to simplify (when absent), or the whole prompt, as TRACE",
      }),
    ),
  },
  score(example, output, { against }) {
    const source = against === "input" ? undefined : example.source;
    return plainScore(sariOf(source ?? inputText(example.input), output, example.references), output);
  },
});
