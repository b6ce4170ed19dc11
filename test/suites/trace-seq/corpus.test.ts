import { describe, expect, it } from "vitest";
import { inputText } from "../../../harness/contract/suite.js";
import { ruleAnswer } from "../../../suites/trace-seq/family.js";
import { generalFamilies } from "../../../suites/trace-seq/general/index.js";
import { Corpus, type CorpusOptions, listEntry } from "../../../suites/trace-seq/pretraining/corpus.js";
import { tasks } from "../../../suites/trace-seq/tasks/index.js";
import { unseenTasks } from "../../../suites/trace-seq/unseen/index.js";
import { suite } from "./full-suite.js";

const options: CorpusOptions = {
  seed: 1,
  lists: 0.5,
  listsInBatch: 4,
  listLength: 400,
  repetitions: 0,
  randomLists: 0.5,
  questionsInBatch: 50,
  questionWeight: 0.25,
};

/** One token a UTF-16 unit, so that sequences can be read back. */
const characters = {
  encode: (text: string) => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)),
  vocabularySize: 65536,
  beginToken: 2,
  endToken: 3,
};
const read = (tokens: readonly number[]) => tokens.map((token) => String.fromCharCode(token)).join("");

const excluded = new Set(suite.probes.flatMap(({ examples }) => examples.map(({ input }) => inputText(input))));
const corpusOf = (changes: Partial<CorpusOptions>) => new Corpus({ ...options, ...changes }, characters, excluded);
const texts = (corpus: Corpus, batches: number) =>
  Array.from({ length: batches }, (_, number) => corpus.batch(number))
    .flat()
    .map(({ tokens }) => read(tokens));

describe("the corpus of pretraining", () => {
  it("gives the same batch for the same number: lists of one length, or single questions", () => {
    const corpus = corpusOf({});
    const sizes = new Set<number>();
    for (const number of [0, 1, 2, 3, 4, 17, 4000]) {
      const batch = corpus.batch(number);
      expect(corpusOf({}).batch(number)).toEqual(batch);
      sizes.add(batch.length);
      for (const { tokens, weights } of batch) {
        expect(weights).toHaveLength(tokens.length);
        if (batch.length === 4) expect(tokens).toHaveLength(400);
      }
    }
    expect(sizes).toEqual(new Set([4, 50]));
    expect(corpus.batch(1)).not.toEqual(corpus.batch(2));
  });

  it("weighs a question's tokens a quarter, its answer and end in full", () => {
    for (const { tokens, weights } of corpusOf({ lists: 0 }).batch(3)) {
      const cue = read(tokens).match(/^.*[:：](?= )/s)![0].length;
      expect(weights[0]).toBe(0);
      expect(new Set(weights.slice(1, cue))).toEqual(new Set([0.25]));
      expect(new Set(weights.slice(cue))).toEqual(new Set([1]));
      expect(tokens.at(-1)).toBe(characters.endToken);
    }
  });

  it("never asks a probe's question, a task's or an unseen task's", () => {
    const asked = texts(corpusOf({ lists: 0 }), 60).map((text) => text.slice(1, text.search(/[:：] [^:：]*$/) + 1));
    expect(asked.filter((prompt) => excluded.has(prompt))).toEqual([]);
    const listed = texts(corpusOf({ lists: 1 }), 60).flatMap((text) =>
      text
        .slice(1)
        .split("\n\n")
        .map((entry) => entry.slice("Input: ".length).split("\nOutput: ")[0]!),
    );
    expect(listed.filter((prompt) => excluded.has(prompt))).toEqual([]);
    for (const family of [...tasks, ...unseenTasks]) {
      expect([...asked, ...listed].filter((prompt) => ruleAnswer(family, prompt) !== undefined)).toEqual([]);
    }
    const known = generalFamilies.filter(({ family }) => asked.some((prompt) => ruleAnswer(family, prompt)));
    expect(known).toHaveLength(generalFamilies.length);
  });

  it("writes lists by the markers that in-context learning reads", () => {
    for (const text of texts(corpusOf({ lists: 1 }), 25)) {
      expect(text.startsWith("\u0002Input: ")).toBe(true);
      for (const entry of text.slice(1).split("\n\n").slice(0, -1)) {
        const [input, output, ...rest] = entry.slice("Input: ".length).split("\nOutput: ");
        expect(rest).toEqual([]);
        expect(listEntry(input!, output!)).toBe(`${entry}\n\n`);
      }
    }
  });

  it("weighs the first instance of a random list nothing: it cannot be known", () => {
    for (const { tokens, weights } of corpusOf({ lists: 1, randomLists: 1, listLength: 1500 }).batch(5)) {
      const first = read(tokens).indexOf("\n\n") + 2;
      expect(new Set(weights.slice(0, first))).toEqual(new Set([0]));
      expect(weights).toContain(1);
    }
  });

  it("repeats a run of tokens where it teaches to copy", () => {
    for (const { tokens, weights } of corpusOf({ lists: 1, repetitions: 1 }).batch(1)) {
      const period = weights.indexOf(1);
      expect(period).toBeGreaterThan(4);
      expect(tokens.slice(period)).toEqual(tokens.slice(0, -period));
    }
  });
});
