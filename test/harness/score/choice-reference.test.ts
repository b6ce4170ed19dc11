import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { choice } from "../../../harness/score/choice.js";

/**
 * Written by test/oracle/choice_cases.py: an answer, the label that it means, and what three filters of lm-eval extract:
 * strict and flexible of mmlu_flan_cot_zeroshot, and mmlu_pro's.
 */
const cases = JSON.parse(readFileSync(join(import.meta.dirname, "choice-cases.json"), "utf8")) as [
  string,
  string,
  string | null,
  string | null,
  string | null,
][];

const labels = ["A", "B", "C", "D"];
const labelOf = (answer: string) =>
  choice.score({ id: "case", input: [], references: ["A"], choices: labels }, answer, {}).label ?? null;

test("wherever lm-eval finds a stated answer, it is the one found here", () => {
  const stated = cases.filter(([, , strict, , pro]) => strict !== null || pro !== null);
  expect(stated.length).toBeGreaterThan(50);
  for (const [answer, , strict, , pro] of stated) expect(labelOf(answer), answer).toBe(strict ?? pro);
});

test("no label is favored, and more answers are read rightly than by lm-eval's flexible filter", () => {
  const right = labels.map(
    (label) => cases.filter(([answer, meant]) => meant === label && labelOf(answer) === label).length,
  );
  expect(new Set(right).size).toBe(1);
  const flexible = cases.filter(([, meant, , found]) => found === meant).length;
  expect(right.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(flexible);
});
