import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Example } from "../../../harness/contract/suite.js";
import { scorers } from "../../../harness/score/index.js";

/** Written by test/oracle/score_cases.py with the reference implementations. */
const cases = JSON.parse(readFileSync(join(import.meta.dirname, "reference-cases.json"), "utf8")) as {
  sari: [string, string, string[], number][];
} & Record<string, [string, string, number][]>;

const scorerNamed = (name: string) => scorers.find((scorer) => scorer.name === name)!;

function example(references: string[], source = ""): Example {
  return { id: "case", input: [{ type: "text", text: source }], references, source };
}

test.each([
  ["rouge-l", { tokenizer: "rouge" }],
  ["edit-similarity", {}],
  ["token-f1", {}],
])("%s agrees with its reference implementation", (name, options) => {
  for (const [reference, output, value] of cases[name]!) {
    const { score } = scorerNamed(name).score(example([reference]), output, options);
    expect(score, JSON.stringify([reference, output])).toBeCloseTo(value, 12);
  }
});

test("sari agrees with its reference implementation", () => {
  for (const [source, output, references, value] of cases.sari) {
    const { score } = scorerNamed("sari").score(example(references, source), output, {});
    expect(score, JSON.stringify([source, output, references])).toBeCloseTo(value, 12);
  }
});

test("without a tokenizer option, rouge-l agrees with rouge_score on every reference in Latin script", () => {
  const latin = cases["rouge-l"]!.filter(([reference]) => !/\p{Script=Han}/u.test(reference));
  expect(latin.length).toBeGreaterThan(400);
  for (const [reference, output, value] of latin) {
    expect(scorerNamed("rouge-l").score(example([reference]), output, {}).score).toBeCloseTo(value, 12);
  }
});
