import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sequenceRatio } from "../../../harness/score/difflib.js";
import { scorers } from "../../../harness/score/index.js";
import { SubsequenceIndex } from "../../../harness/score/longest-common-subsequence.js";
import { rougeSummary } from "../../../harness/score/rouge-summary.js";

/** Written by test/oracle/trace_cases.py: reference, answer, ROUGE-L of rouge 1.0.1, difflib's ratio, fuzz.ratio. */
const cases = JSON.parse(readFileSync(join(import.meta.dirname, "trace-cases.json"), "utf8")) as [
  string,
  string,
  number | null,
  number,
  number,
][];

function score(name: string, reference: string, output: string, options: Record<string, unknown>) {
  return scorers
    .find((scorer) => scorer.name === name)!
    .score({ id: "case", input: [], references: [reference] }, output, options).score;
}

test("rouge-l as the package rouge 1.0.1 computes it for TRACE", () => {
  for (const [reference, output, rouge] of cases) {
    if (rouge === null) continue;
    const given = score("rouge-l", reference, output, { implementation: "rouge" });
    expect(given, JSON.stringify([reference, output])).toBeCloseTo(rouge, 12);
  }
});

test("difflib's ratio to the last bit, and in whole percent as fuzzywuzzy gives it", () => {
  for (const [reference, output, , ratio, percent] of cases) {
    expect(sequenceRatio(output, reference), JSON.stringify([reference, output])).toBe(ratio);
    expect(score("edit-similarity", reference, output, { implementation: "fuzzywuzzy" })).toBe(percent / 100);
  }
});

test.each([
  ["the council approved the budget", Array(3).fill("the council approved the budget").join(" "), 1, 0.5],
  ["the council approved the budget", Array(4).fill("the council approved the budget").join(" "), 1, 0.4],
  ["the council met. the budget passed", "the budget passed. the council met", 1, 0.5],
])("sets of words at summary level: %j against %j", (reference, output, published, lenient) => {
  expect(score("rouge-l", reference, output, { implementation: "rouge" })).toBeCloseTo(published, 7);
  expect(score("rouge-l", reference, output, {})).toBeCloseTo(lenient, 12);
});

test("texts without a sentence are worth nothing", () => {
  expect(rougeSummary("", "x")).toBe(0);
  expect(rougeSummary("x", "...")).toBe(0);
});

/** The table of lengths, by its definition. */
function lengths(a: readonly string[], b: readonly string[]): number[][] {
  const table = [new Array<number>(b.length + 1).fill(0)];
  a.forEach((token, i) => {
    const row = [0];
    b.forEach((other, j) => {
      row.push(token === other ? table[i]![j]! + 1 : Math.max(table[i]![j + 1]!, row[j]!));
    });
    table.push(row);
  });
  return table;
}

const letters = (most: number) => fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: most, size: "max" });

test("the longest common subsequence is that of the table, whatever the carries between words of the bit vector", () => {
  fc.assert(
    fc.property(letters(130), letters(130), (a, b) => {
      const table = lengths(a, b);
      const index = new SubsequenceIndex(b);
      expect(index.lengthWith(a)).toBe(table[a.length]![b.length]);
      const found: string[] = [];
      for (let [i, j] = [a.length, b.length]; i > 0 && j > 0; ) {
        if (a[i - 1] === b[j - 1]) found.push(a[--i]!) && j--;
        else if (table[i - 1]![j]! > table[i]![j - 1]!) i--;
        else j--;
      }
      expect(index.subsequenceWith(a)).toEqual(found);
    }),
    { numRuns: 300 },
  );
});

/** Ratcliff and Obershelp as difflib defines it: the longest block, the earliest in a, then in b; then both sides. */
function matched(a: string, b: string, frequent: ReadonlySet<string>): number {
  let best = { i: 0, j: 0, size: 0 };
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j < b.length; j++) {
      let size = 0;
      while (i + size < a.length && a[i + size] === b[j + size] && !frequent.has(a[i + size]!)) size++;
      if (size > best.size) best = { i, j, size };
    }
  }
  while (best.i > 0 && best.j > 0 && a[best.i - 1] === b[best.j - 1]) {
    best = { i: best.i - 1, j: best.j - 1, size: best.size + 1 };
  }
  const { i, j } = best;
  let { size } = best;
  while (i + size < a.length && j + size < b.length && a[i + size] === b[j + size]) size++;
  if (size === 0) return 0;
  return (
    size + matched(a.slice(0, i), b.slice(0, j), frequent) + matched(a.slice(i + size), b.slice(j + size), frequent)
  );
}

test.each([
  ["short texts", 60, fc.constantFrom("a", "b", "c", " ")],
  [
    "texts of 200 characters and more, where frequent ones start no block",
    230,
    fc.constantFrom(..."abcdefghijklmnopq".repeat(2), ..."ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
  ],
])("difflib's blocks: %s", (_, most, character) => {
  const text = (least: number) =>
    fc.array(character, { minLength: least, maxLength: most, size: "max" }).map((all) => all.join(""));
  fc.assert(
    fc.property(text(0), text(most > 200 ? 200 : 0), (a, b) => {
      const counts = new Map<string, number>();
      for (const each of b) counts.set(each, (counts.get(each) ?? 0) + 1);
      const limit = b.length < 200 ? Number.POSITIVE_INFINITY : Math.floor(b.length / 100) + 1;
      const frequent = new Set([...counts].filter(([, count]) => count > limit).map(([each]) => each));
      const total = a.length + b.length;
      expect(sequenceRatio(a, b)).toBe(total === 0 ? 1 : (2 * matched(a, b, frequent)) / total);
    }),
    { numRuns: most > 200 ? 40 : 300 },
  );
});
