import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inputText } from "../../../harness/contract/suite.js";
import { piecesOf, trainTokenizer } from "../../../suites/trace-seq/pretraining/byte-pair-encoding.js";
import { tokenizerTexts } from "../../../suites/trace-seq/pretraining/corpus.js";
import { anyText } from "../../any-text.js";
import { suite } from "./full-suite.js";

const definition = trainTokenizer(tokenizerTexts(1, 400), 2048, 2);
const tokenizer = new Tokenizer(definition, {});
const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids;
const decode = (ids: number[]) => tokenizer.decode(ids, { clean_up_tokenization_spaces: false });

/** Any text but lone surrogates, which UTF-8 cannot encode, and the special tokens' own names. */
const text = anyText(40);

describe("the tokenizer of the base model", () => {
  it("gives any text back", () => {
    fc.assert(fc.property(text, (original) => original === "" || decode(encode(original)) === original));
  });

  it("cuts any text into pieces that join to it, and merges nothing across them", () => {
    fc.assert(
      fc.property(text, (original) => {
        const pieces = piecesOf(original);
        expect(pieces.join("")).toBe(original);
        expect(pieces.flatMap(encode)).toEqual(encode(original));
      }),
    );
  });

  it("needs one token for nearly every piece of the suite's texts, shifted tests included", () => {
    const examples = [
      ...suite.tasks.flatMap(({ test, shifted }) => [...test, ...shifted!]),
      ...suite.probes.flatMap((probe) => probe.examples),
    ];
    const texts = examples.flatMap(({ input, references }) => [inputText(input), ` ${references[0]}`]);
    const pieces = texts.reduce((sum, one) => sum + piecesOf(one).length, 0);
    const tokens = texts.reduce((sum, one) => sum + encode(one).length, 0);
    expect(tokens / pieces).toBeLessThan(1.01);
  });

  it("is trained the same every time, within its vocabulary", () => {
    const again = trainTokenizer(tokenizerTexts(1, 400), 2048, 2);
    expect(JSON.stringify(again)).toBe(JSON.stringify(definition));
    const { vocab } = (definition as { model: { vocab: Record<string, number> } }).model;
    const byId = Object.keys(vocab).sort((a, b) => vocab[a]! - vocab[b]!);
    expect(byId.map((token) => vocab[token])).toEqual(byId.map((_, id) => id));
    expect(Object.keys(vocab).length).toBeLessThanOrEqual(2048);
    expect(byId.slice(0, 3)).toEqual(["<|pad|>", "<|begin|>", "<|end|>"]);
  });

  it("agrees with the tokenizers library of Python on the ids of its fixture", () => {
    const fixture = new URL("../../fixtures/trace-seq-tokens.json", import.meta.url);
    const cases: { text: string; ids: number[] }[] = JSON.parse(readFileSync(fixture, "utf8"));
    expect(cases.length).toBeGreaterThanOrEqual(100);
    for (const { text: original, ids } of cases) expect(encode(original)).toEqual(ids);
  });
});
