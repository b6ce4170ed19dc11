import fc from "fast-check";
import { expect, test } from "vitest";
import type { Score } from "../../../harness/contract/plugin.js";
import type { Example } from "../../../harness/contract/suite.js";
import { scorers } from "../../../harness/score/index.js";

function score(name: string, references: string[], output: string, options = {}, choices?: string[]): Score {
  const example: Example = { id: "case", input: [{ type: "text", text: "source" }], references };
  if (choices !== undefined) example.choices = choices;
  return scorers.find((scorer) => scorer.name === name)!.score(example, output, options);
}

const brief = ({ score: strict, extracted, valid, label }: Score) =>
  `${strict} ${extracted} ${valid ? "valid" : "invalid"}${label === undefined ? "" : ` ${label}`}`;

test.each([
  ["Paris", "Paris", "1 1 valid"],
  ["Paris", " Paris\n", "1 1 valid"],
  ["Paris", "paris.", "0 1 valid"],
  ["Paris", "The answer is: “Paris”.", "0 1 valid"],
  ["Paris", "Let me think.\nThe final answer is Paris", "0 1 invalid"],
  ["巴黎", "答案是巴黎。", "0 1 valid"],
  ["Paris", "Paris or Lyon", "0 0 valid"],
  ["Paris", "", "0 0 invalid"],
])("exact-match: %s against %j", (reference, output, expected) => {
  expect(brief(score("exact-match", [reference], output))).toBe(expected);
});

test.each([
  ["B", "B", "1 1 valid B"],
  ["B", " B\n", "1 1 valid B"],
  ["B", "B.", "0 1 invalid B"],
  ["B", "the answer is B, a neutral one", "0 1 invalid B"],
  ["B", "选B。", "0 1 invalid B"],
  ["B", "Bananas", "0 0 invalid"],
  ["A", "it is a B", "0 0 invalid B"],
  ["B", "", "0 0 invalid"],
])("choice among A, B, C: %s against %j", (reference, output, expected) => {
  expect(brief(score("choice", [reference], output, {}, ["A", "B", "C"]))).toBe(expected);
});

test("choice: a reference that goes on after its label asks for the label first", () => {
  const reference = "B. iron is a metal";
  const ask = (output: string) => brief(score("choice", [reference], output, {}, ["A", "B"]));
  expect(ask("B. iron is a metal")).toBe("1 1 valid B");
  expect(ask("B")).toBe("1 1 valid B");
  expect(ask("A. iron")).toBe("0 0 valid A");
  expect(ask("iron, so B")).toBe("0 1 invalid B");
});

test("choice: by the first character, as TRACE scores ScienceQA", () => {
  const ask = (output: string) =>
    brief(score("choice", ["A\nBecause"], output, { rule: "first-character" }, ["A", "B"]));
  expect(ask("A")).toBe("1 1 valid A");
  expect(ask("Apples")).toBe("1 1 invalid");
  expect(ask("B, not A")).toBe("0 0 valid B");
  expect(ask("")).toBe("0 0 invalid");
});

test("choice: long labels, one inside the other, in any case; labels from the options", () => {
  const options = { labels: ["positive", "very positive", "negative"] };
  expect(brief(score("choice", ["very positive"], "Very Positive!", options))).toBe("0 1 invalid very positive");
  expect(brief(score("choice", ["positive"], "very positive", options))).toBe("0 0 valid very positive");
  expect(brief(score("choice", ["支持"], "我支持他", { labels: ["支持", "反对"] }))).toBe("0 1 invalid 支持");
});

test.each([
  ["18", "18", {}, "1 1 valid"],
  ["18", "18.0", {}, "1 1 valid"],
  ["1,800", "1800", {}, "1 1 valid"],
  ["18", "3 + 15 is 18 apples.", {}, "0 1 invalid"],
  ["18", "18 and not 19", {}, "0 0 invalid"],
  ["18", "18 and not 19", { pick: "first" }, "0 1 invalid"],
  ["-3", "−3", {}, "1 1 valid"],
  ["3", "10-3", {}, "0 1 invalid"],
  ["12", "共12个", {}, "0 1 invalid"],
  ["12", "１２", {}, "1 1 valid"],
  ["0.5", ".5", {}, "1 1 valid"],
  ["5", "room x5", {}, "0 0 invalid"],
  ["5", "", {}, "0 0 invalid"],
  ["half", "half", {}, "1 1 invalid"],
  ["work 2 * 9\n#### 18", "so 2 * 9\n#### 18", { marker: "####" }, "1 1 valid"],
  ["work 2 * 9\n#### 18", "it is 18", { marker: "####" }, "0 1 invalid"],
])("number: %j against %j", (reference, output, options, expected) => {
  expect(brief(score("number", [reference], output, options))).toBe(expected);
});

test.each([
  ["I'm sorry, but I can’t help with that.", true],
  ["Sorry, I cannot do that.", true],
  ["I am not able to provide instructions.", true],
  ["Das kann ich leider nicht sagen. Tut mir leid.", true],
  ["抱歉，我不能回答这个问题。", true],
  ["First, mix the flour with the sugar.", false],
  ["You can help the plant grow with water.", false],
])("refusal: %j declines: %j", (output, declines) => {
  expect(score("refusal", ["No."], output).score).toBe(Number(declines));
  expect(score("refusal", ["No."], output, { expect: "help" }).score).toBe(Number(!declines));
});

test("refusal: an empty answer neither declines nor helps; the reference itself declines", () => {
  expect(brief(score("refusal", ["No."], " "))).toBe("0 0 invalid help");
  expect(score("refusal", ["No."], "", { expect: "help" }).score).toBe(0);
  expect(score("refusal", ["No way."], "no way.").score).toBe(1);
});

test("rouge-l sees Chinese, where rouge_score has no tokens", () => {
  expect(score("rouge-l", ["会议讨论了预算"], "会议讨论了预算").score).toBe(1);
  expect(score("rouge-l", ["会议讨论"], "讨论").score).toBeCloseTo(2 / 3, 12);
  expect(score("rouge-l", ["会议讨论"], "讨论", { tokenizer: "rouge" }).score).toBe(0);
});

test("edit-similarity unwraps Py150's literals when asked", () => {
  const reference = "print(<STR_LIT:hello>, <NUM_LIT:1>, <STR_LIT>)";
  expect(score("edit-similarity", [reference], "print(hello, 1, )", { unwrapLiterals: true }).score).toBe(1);
  expect(score("edit-similarity", [reference], "print(hello, 1, )").score).toBeLessThan(1);
});

const anyText = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom("", " ", "A", "B. so", "12", "你好"),
);

test("every scorer stays within 0..1, is pure, and never scores the extracted answer below the strict one", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...scorers),
      fc.array(anyText, { minLength: 1, maxLength: 3 }),
      anyText,
      (scorer, references, output) => {
        const example: Example = { id: "case", input: [{ type: "text", text: "some source" }], references };
        const before = structuredClone(example);
        const first = scorer.score(example, output, {});
        expect(first.score).toBeGreaterThanOrEqual(0);
        expect(first.extracted).toBeLessThanOrEqual(1);
        expect(first.extracted).toBeGreaterThanOrEqual(first.score);
        expect(scorer.score(example, output, {})).toEqual(first);
        expect(example).toEqual(before);
      },
    ),
    { numRuns: 600 },
  );
});

test("what is measured against references never falls when a reference is added", () => {
  const names = ["exact-match", "rouge-l", "edit-similarity", "token-f1", "number"];
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.array(anyText, { minLength: 1, maxLength: 3 }),
      anyText,
      anyText,
      (name, references, more, output) => {
        expect(score(name, [...references, more], output).score).toBeGreaterThanOrEqual(
          score(name, references, output).score,
        );
      },
    ),
    { numRuns: 300 },
  );
});
