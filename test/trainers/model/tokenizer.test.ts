import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import { boundedCall, CallTimeout } from "../../../trainers/model/tokenizer/bounded-call.js";
import { linearPatterns, needsBound } from "../../../trainers/model/tokenizer/limits.js";
import { openTokenizer } from "../../../trainers/model/tokenizer/tokenizer.js";
import { embeddedModel } from "../../files.js";
import { endText, tinyTokenizer, writeTinyModel } from "./tiny-model.js";

test("any text encodes and decodes to itself", () => {
  const tokenizer = openTokenizer(writeTinyModel());
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      fc.pre(text.isWellFormed());
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }),
    { numRuns: 200 },
  );
  expect(tokenizer.encode("in the rain")).toHaveLength(6);
  expect(tokenizer.vocabularySize).toBe(263);
});

test("special tokens are known, never added, and left out of text; what looks like one in a text is text", () => {
  const tokenizer = openTokenizer(writeTinyModel());
  expect(tokenizer.endToken).toBe(262);
  expect(tokenizer.beginToken).toBeNull();
  expect(tokenizer.encode(`a${endText}`)).not.toContain(262);
  expect(tokenizer.decode(tokenizer.encode(`a${endText}b`))).toBe(`a${endText}b`);
  expect(tokenizer.decode([262])).toBe("");
  expect(tokenizer.decode([])).toBe("");
});

test("an answer ends by every token that the model's files name", () => {
  const directory = writeTinyModel();
  expect(openTokenizer(directory).endTokens).toEqual([262]);
  writeFileSync(join(directory, "generation_config.json"), JSON.stringify({ eos_token_id: [262, 10] }));
  const tokenizer = openTokenizer(directory);
  expect([tokenizer.endToken, tokenizer.endTokens]).toEqual([262, [262, 10]]);
  writeFileSync(join(directory, "generation_config.json"), JSON.stringify({ eos_token_id: ["</s>"] }));
  expect(() => openTokenizer(directory)).toThrow(expect.objectContaining({ code: "MODEL_INVALID" }));
});

test("a begin token counts where the tokenizer itself puts it before a text", () => {
  const directory = writeTinyModel();
  const template = { SpecialToken: { id: endText, type_id: 0 } };
  const definition = {
    ...tinyTokenizer(),
    post_processor: {
      type: "TemplateProcessing",
      single: [template, { Sequence: { id: "A", type_id: 0 } }],
      pair: [],
      special_tokens: { [endText]: { id: endText, ids: [262], tokens: [endText] } },
    },
  };
  writeFileSync(
    join(directory, "tokenizer_config.json"),
    JSON.stringify({ bos_token: endText, eos_token: { content: endText } }),
  );
  expect(openTokenizer(directory).beginToken).toBeNull();
  writeFileSync(join(directory, "tokenizer.json"), JSON.stringify(definition));
  const tokenizer = openTokenizer(directory);
  expect(tokenizer.beginToken).toBe(262);
  expect(tokenizer.endToken).toBe(262);
  expect(tokenizer.encode("a")).toHaveLength(1);
});

test("the end token falls back to the model's configuration", () => {
  const directory = writeTinyModel();
  rmSync(join(directory, "tokenizer_config.json"));
  expect(openTokenizer(directory).endToken).toBe(262);
});

test.each([
  ["tokenizer.json", "{", /not valid JSON/],
  ["tokenizer.json", "[]", /JSON object/],
  ["tokenizer.json", "{}", /cannot be used/],
])("%s holding %s is refused", (name, content, message) => {
  const directory = writeTinyModel();
  writeFileSync(join(directory, name), content);
  expect(() => openTokenizer(directory)).toThrow(
    expect.objectContaining({
      code: "MODEL_INVALID",
      at: expect.objectContaining({ file: join(directory, name) }),
      message: expect.stringMatching(message),
    }),
  );
});

test("a missing tokenizer is named", () => {
  const directory = writeTinyModel();
  rmSync(join(directory, "tokenizer.json"));
  expect(() => openTokenizer(directory)).toThrow(
    expect.objectContaining({ code: "MODEL_INVALID", message: "The file is missing." }),
  );
});

test("a call that had no processor begins again; one that computes for too long does not", () => {
  let calls = 0;
  const endless = (): never => {
    for (calls += 1; ; );
  };
  const once = () => (calls === 0 ? endless() : calls);
  expect(boundedCall(10, once, () => 0)).toBe(1);
  calls = 0;
  expect(() => boundedCall(10, endless, () => (calls < 2 ? 0 : 100))).toThrow(CallTimeout);
  expect(calls).toBe(2);
});

test.each([
  ["llama3", false],
  ["qwen2", false],
  ["gpt2", false],
  ["t5", true],
  ["gemma", true],
])("calls of the tokenizer of %s are watched: %s", (name, expected) => {
  const file = join(packageRoot, "test", "fixtures", "tokenizers", name, "tokenizer.json");
  expect(needsBound(JSON.parse(readFileSync(file, "utf8")))).toBe(expected);
});

test("the embedded model's calls are not watched, and patterns that need no watching read long texts quickly", () => {
  const definition = JSON.parse(readFileSync(join(embeddedModel, "tokenizer.json"), "utf8"));
  expect(needsBound(definition)).toBe(false);
  for (const pattern of linearPatterns) {
    const expression = new RegExp(String(pattern).replace("(?i:", "(?:"), "gu"); // which Node 20 does not read
    for (const piece of ["a", "A1", " ", "\n", "1", "a ", "!", "_", " \n", "!\n", "'"]) {
      const text = `${piece.repeat(100_000)}a`;
      expect(boundedCall(2000, () => text.match(expression)!.join(""))).toBe(text);
    }
  }
});
