import fc from "fast-check";
import { expect, test } from "vitest";
import type { Score } from "../../../harness/contract/plugin.js";
import type { Example } from "../../../harness/contract/suite.js";
import { decimalValue } from "../../../harness/score/decimal.js";
import { scorers } from "../../../harness/score/index.js";
import { pythonRound, pythonSplit, pythonStrip } from "../../../harness/score/python-text.js";

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
  ["Paris", "\x1c\x85Paris\x1f", "1 1 valid"],
  ["Paris", "\ufeffParis", "0 1 valid"],
  ["Paris", "Answer: Paris\nQuestion: the capital of Italy?\nAnswer: Rome", "0 1 invalid"],
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
  ["B", "b", "0 1 invalid B"],
  ["B", "Ｂ", "0 1 invalid B"],
  ["B", "（ｂ）", "0 1 invalid B"],
  ["B", "**B**", "0 1 invalid B"],
  ["B", "\\boxed{B}", "0 1 invalid B"],
  ["B", "A is wrong because it is hot. The answer is B.", "0 1 invalid B"],
  ["B", "A careful reading of the text shows that the answer is B.", "0 1 invalid B"],
  ["A", "A careful reading of the text shows that the answer is B.", "0 0 invalid B"],
  ["B", "Option A is wrong since it is too hot. So the answer is B", "0 1 invalid B"],
  ["B", "A and C melt, but B is correct.", "0 1 invalid B"],
  ["B", "A or C? I would choose B, since C is brittle.", "0 1 invalid B"],
  ["B", "Conclusion: (B). Eliminated: (A), (C).", "0 1 invalid B"],
  ["B", "Both A and C are wrong. B.", "0 1 invalid B"],
  ["B", "It is not A. (B) fits.", "0 1 invalid B"],
  ["C", "The answer isn't A, it's C", "0 1 invalid C"],
  ["C", "答案不是A，而是C", "0 1 invalid C"],
  ["B", "B\nQuestion: next one\nAnswer: C", "0 1 invalid B"],
  ["B", "I cannot tell; perhaps A or B.", "0 0 invalid"],
  ["A", "I cannot tell; perhaps A or B.", "0 0 invalid"],
  ["A", "The answer is A or B.", "0 0 invalid"],
  ["A", "A careful reader would not say.", "0 0 invalid"],
  ["A", "a", "0 1 invalid A"],
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

test("choice: texts as they are, as TRACE compares them", () => {
  const raw = (reference: string, output: string, options = {}) =>
    brief(score("choice", [reference], output, { raw: true, ...options }, ["A", "B"]));
  expect(raw("A", "A")).toBe("1 1 valid A");
  expect(raw("A", "A\n\n")).toBe("0 1 valid A");
  expect(brief(score("choice", ["A"], "A\n\n", {}, ["A", "B"]))).toBe("1 1 valid A");
  expect(raw("A\nBecause", " A", { rule: "first-character" })).toBe("0 1 valid A");
  expect(raw("A\nBecause", "", { rule: "first-character" })).toBe("0 0 invalid");
});

test("choice: case folding keeps every place, and a negated label is no answer", () => {
  const options = { labels: ["positive", "negative"] };
  expect(brief(score("choice", ["positive"], "İİ positive", options))).toBe("0 1 invalid positive");
  expect(brief(score("choice", ["positive"], "It is not positive.", options))).toBe("0 0 invalid");
  expect(brief(score("choice", ["a"], "A, not a", { labels: ["a", "A"] }))).toBe("0 0 invalid A");
});

test("choice: no label is favored: other letters for the same labels give the same answer in other letters", () => {
  const templates = [
    "$0",
    "($0)",
    "The answer is $0.",
    "the answer is ($1), since $0 is wrong",
    "$0 or $1",
    "$0 is wrong. $1",
    "So $1 it is, and $0 is not.",
    "Answer: $0) copper",
    "$0. iron\n$1. tin\nThe best choice is $1",
    "I'd pick $1 over $0",
    "$0 melts early, $1 rusts. ($0)",
    "$0 copper",
  ];
  const labels = ["A", "B", "C", "D", "E", "F", "G", "H", "I"];
  const labelOf = (template: string, first: string, second: string) => {
    const text = template.replaceAll("$0", first).replaceAll("$1", second);
    return score("choice", ["A"], text, {}, labels).label?.replace(first, "$0").replace(second, "$1");
  };
  for (const template of templates) {
    const pairs = labels.flatMap((first) => labels.filter((other) => other !== first).map((second) => [first, second]));
    const found = new Set(pairs.map(([first, second]) => labelOf(template, first!, second!)));
    expect([...found], template).toHaveLength(1);
  }
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
  ["#### 18", "#### 18 apples", { rule: "gsm8k" }, "1 1 valid"],
  ["#### 18", "#### 18 apples", { rule: "lm-eval" }, "1 1 valid"],
  ["#### 37.2", "#### 37.2%", { rule: "gsm8k" }, "1 1 valid"],
  ["#### 37.2", "#### 37.2%", { rule: "lm-eval" }, "1 1 valid"],
  ["#### 18", "#### 18.", { rule: "gsm8k" }, "1 1 valid"],
  ["#### 18", "#### 18.", { rule: "lm-eval" }, "1 1 valid"],
  ["#### 18", "#### 18, and then\n#### 25", { rule: "gsm8k" }, "1 1 valid"],
  ["#### 18", "####18", { rule: "gsm8k" }, "0 1 invalid"],
  ["#### 1,800", "It makes $1,800.00", { rule: "lm-eval" }, "0 1 invalid"],
  ["#### 18", "It is 18 and not 3.", { rule: "lm-eval" }, "0 0 invalid"],
  ["#### 18", "It is 18, ...", { rule: "lm-eval" }, "0 0 invalid"],
  ["#### 18", "#### .", { rule: "gsm8k" }, "0 0 invalid"],
  ["18", "#### 18\n\nQuestion: next\n#### 25", {}, "0 1 invalid"],
  ["9007199254740993", "9007199254740993", {}, "1 1 valid"],
  ["9007199254740993", "9007199254740992", {}, "0 0 valid"],
  ["0.1", "0.1000000000000000055511151231257827", {}, "0 0 valid"],
  ["1000000", "1e6", {}, "1 1 valid"],
  ["1200", "1 200", {}, "1 1 valid"],
  ["1200", "1\u202f200", {}, "1 1 valid"],
  ["9500", "\\boxed{9{,}500}", {}, "0 1 invalid"],
  ["9500", "9,\\!500", {}, "1 1 valid"],
  ["9500", "9’500", {}, "1 1 valid"],
  ["0", "-0.00", {}, "1 1 valid"],
  ["18", "18\n\n", { raw: true }, "0 1 valid"],
  ["18", "18", { raw: true }, "1 1 valid"],
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

/** Every scorer without options, and with those that change what it compares. */
const variants = scorers.flatMap((scorer) => [
  { scorer, options: {} },
  ...({
    "exact-match": [{ raw: true }],
    choice: [{ raw: true }, { rule: "first-character", raw: true }],
    number: [{ raw: true }, { rule: "gsm8k" }, { rule: "lm-eval" }, { pick: "first" }],
    "rouge-l": [{ implementation: "rouge" }, { tokenizer: "unicode" }],
    "edit-similarity": [{ implementation: "fuzzywuzzy" }, { unwrapLiterals: true }],
    sari: [{ against: "input" }],
  }[scorer.name]?.map((options) => ({ scorer, options })) ?? []),
]);

test("every scorer stays within 0..1, is pure, and never scores the extracted answer below the strict one", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...variants),
      fc.array(anyText, { minLength: 1, maxLength: 3 }),
      anyText,
      ({ scorer, options }, references, output) => {
        const example: Example = { id: "case", input: [{ type: "text", text: "some source" }], references };
        const before = structuredClone(example);
        const first = scorer.score(example, output, options);
        expect(first.score).toBeGreaterThanOrEqual(0);
        expect(first.extracted).toBeLessThanOrEqual(1);
        expect(first.extracted).toBeGreaterThanOrEqual(first.score);
        expect(scorer.score(example, output, options)).toEqual(first);
        expect(example).toEqual(before);
      },
    ),
    { numRuns: 800 },
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

test("decimal values are equal exactly where the numbers are", () => {
  const numeral = fc.tuple(fc.constantFrom("", "-"), fc.bigInt({ min: 0n, max: 10n ** 25n }), fc.nat(12), fc.nat(4));
  const exact = ([sign, digits, places]: [string, bigint, number, number]) =>
    (sign === "-" ? -digits : digits) * 10n ** BigInt(12 - places);
  const written = ([sign, digits, places, zeros]: [string, bigint, number, number]) => {
    const text = String(digits).padStart(places + 1, "0");
    const split = text.length - places;
    return `${sign}${"0".repeat(zeros)}${text.slice(0, split)}${places > 0 ? `.${text.slice(split)}` : ""}`;
  };
  fc.assert(
    fc.property(numeral, numeral, (first, second) => {
      expect(decimalValue(written(first))).toBe(decimalValue(`${written(first)}e0`));
      expect(decimalValue(written(first)) === decimalValue(written(second))).toBe(exact(first) === exact(second));
      expect(decimalValue(`${written(first)}e-3`)).toBe(decimalValue(written([first[0], first[1], first[2] + 3, 0])));
    }),
    { numRuns: 300 },
  );
});

test("white space is Python's", () => {
  expect(pythonStrip("\x1c\x1d\x1e\x1f\x85 \u3000x\ufeff\t")).toBe("x\ufeff");
  expect(pythonSplit("a\x1fb\u00a0c\ufeffd ")).toEqual(["a", "b", "c\ufeffd"]);
  expect([0.5, 1.5, 2.5, 2.4, 2.6].map(pythonRound)).toEqual([0, 2, 2, 2, 3]);
});

test("reading an answer takes time in proportion to its length", () => {
  const pieces = [
    ".",
    " ",
    "\n",
    "A or B ",
    "the answer is ",
    "#### ",
    "\nQuestion:",
    "1,111",
    "as an ai i ",
    "<STR_LIT:",
    "(",
  ];
  const linear = scorers.filter(({ name }) => !["rouge-l", "edit-similarity"].includes(name));
  for (const scorer of linear) {
    for (const piece of pieces) {
      // A quadratic step would take minutes here.
      const output = piece.repeat(100_000 / piece.length);
      const example: Example = { id: "case", input: [], references: ["A"], choices: ["A", "B"], source: "A" };
      expect(scorer.score(example, output, {}).score).toBeLessThanOrEqual(1);
    }
  }
});
