import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import { portableDefinition } from "../../../trainers/model/tokenizer/definition.js";
import { openTokenizer } from "../../../trainers/model/tokenizer/tokenizer.js";

/** Small tokenizers of the families, and what `tokenizers` makes of the texts: written by test/oracle/tokenizer_families.py. */
const fixtures = join(packageRoot, "test/fixtures/tokenizers");
const read = (...path: string[]) => JSON.parse(readFileSync(join(fixtures, ...path), "utf8"));
const texts: string[] = read("texts.json");

/** Ids where special tokens are text, ids where they are known (0: the same), and the text of the former. */
type Expected = [number[], number[] | 0, string];

describe.each(["gpt2", "gpt2-prefix", "llama3", "qwen2", "smollm", "llama2", "gemma", "t5", "bert"])("%s", (family) => {
  const tokenizer = openTokenizer(join(fixtures, family));
  const expected: Expected[] = read(family, "expected.json");
  // The library in Rust gives the ids of special tokens to text that spells them where they are pieces of a Unigram
  // model; here such text is text.
  const isSpelled = (text: string) => family === "t5" && text.includes("</s><unk>");

  test("encodes texts that look like special tokens as text", () => {
    const asked = texts.map((text, index) => ({ text, index })).filter(({ text }) => !isSpelled(text));
    expect(asked.length).toBeGreaterThanOrEqual(200);
    expect(asked.map(({ text }) => [text, tokenizer.encode(text)])).toEqual(
      asked.map(({ text, index }) => [text, expected[index]![0]]),
    );
  });

  test("encodes special tokens of a template", () => {
    expect(texts.map((text) => [text, tokenizer.encodeTemplate(text)])).toEqual(
      texts.map((text, index) => [text, expected[index]![1] || expected[index]![0]]),
    );
  });

  test("decodes", () => {
    expect(texts.map((text, index) => [text, tokenizer.decode(expected[index]![0])])).toEqual(
      texts.map((text, index) => [text, expected[index]![2]]),
    );
  });
});

test("parts of a definition that need no rewriting stay, and nested sequences are gone through", () => {
  const split = { type: "Split", pattern: { Regex: "\\n" }, behavior: "Isolated", invert: false };
  const bytes = { type: "ByteLevel", add_prefix_space: false, use_regex: false };
  const inner = { type: "Sequence", pretokenizers: [split, { type: "Whitespace" }] };
  const definition = {
    normalizer: null,
    pre_tokenizer: { type: "Sequence", pretokenizers: [inner, bytes] },
    model: {},
  };
  const { pre_tokenizer: found, ...rest } = portableDefinition(definition);
  expect(rest).toEqual({ normalizer: null, model: {} });
  expect(found).toMatchObject({
    pretokenizers: [{ type: "Sequence", pretokenizers: [split, { type: "Split", invert: true }] }, bytes],
  });
});
