import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import openWabt from "wabt";
import { personalizedPageRank, walkOn } from "../../../trainers/memory/graph/personalized-pagerank.js";
import { SimilarPhrases } from "../../../trainers/memory/graph/similar-phrases.js";
import { sparseGraph } from "../../../trainers/memory/graph/sparse-graph.js";
import { binary } from "../../../trainers/memory/graph/sparse-product.js";

const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7), fc.integer({ min: 1, max: 8 })), { maxLength: 25 });
const listOf = (all: readonly (readonly [number, number, number])[]) => ({
  from: Int32Array.from(all, ([from]) => from),
  to: Int32Array.from(all, ([, to]) => to),
  weights: Float64Array.from(all, ([, , weight]) => weight / 4),
});

test("rows contain each neighbor once, in order, with the summed weight; loops are left out", () => {
  fc.assert(
    fc.property(edges, (all) => {
      const graph = sparseGraph(8, listOf(all));
      const matrix = Array.from({ length: 8 }, () => new Array<number>(8).fill(0));
      for (const [from, to, weight] of all) {
        if (from === to) continue;
        matrix[from]![to]! += weight / 4;
        matrix[to]![from]! += weight / 4;
      }
      for (let row = 0; row < 8; row++) {
        const [start, end] = [graph.offsets[row]!, graph.offsets[row + 1]!];
        const entries = Array.from(graph.neighbors.subarray(start, end), (node, at) => [
          node,
          graph.weights[start + at],
        ]);
        expect(entries).toEqual([...matrix[row]!.entries()].filter(([, weight]) => weight > 0));
      }
    }),
  );
});

/** (I − d·P′)⁻¹·(1 − d)·s by Gaussian elimination, where P′ sends nodes without edges to the seeds. */
function exact(all: readonly (readonly [number, number, number])[], seeds: Float64Array, damping: number): number[] {
  const n = seeds.length;
  const weight = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (const [from, to, w] of all) {
    if (from === to) continue;
    weight[from]![to]! += w;
    weight[to]![from]! += w;
  }
  const strengths = weight.map((row) => row.reduce((sum, value) => sum + value, 0));
  const total = seeds.reduce((sum, value) => sum + value, 0);
  const rows = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n + 1 }, (_column, j) => {
      if (j === n) return ((1 - damping) * seeds[i]!) / total;
      const step = strengths[j]! > 0 ? weight[i]![j]! / strengths[j]! : seeds[i]! / total;
      return (i === j ? 1 : 0) - damping * step;
    }),
  );
  for (let pivot = 0; pivot < n; pivot++) {
    for (let row = 0; row < n; row++) {
      if (row === pivot) continue;
      const factor = rows[row]![pivot]! / rows[pivot]![pivot]!;
      rows[row] = rows[row]!.map((value, column) => value - factor * rows[pivot]![column]!);
    }
  }
  return rows.map((row, index) => row[n]! / row[index]!);
}

const seeds = fc.array(fc.nat(5), { minLength: 8, maxLength: 8 }).filter((all) => all.some((value) => value > 0));
const walks = fc.record({
  drawn: edges,
  values: seeds,
  damping: fc.constantFrom(0, 0.5, 0.85),
  independent: fc.nat(8),
});

type Drawn = typeof walks extends fc.Arbitrary<infer Value> ? Value : never;

/** What is computed to a tolerance, and the exact solution. */
function solved({ drawn, values, damping, independent }: Drawn, tolerance: number) {
  const all = drawn.filter(([from, to]) => Math.min(from, to) < 8 - independent);
  const reset = Float64Array.from(values);
  const walk = walkOn(sparseGraph(8, listOf(all)), independent);
  return { found: personalizedPageRank(walk, reset, { damping, tolerance }), expected: exact(all, reset, damping) };
}

test("personalized PageRank solves its equation, dangling and independent nodes included", () => {
  fc.assert(
    fc.property(walks, (drawn) => {
      const { found, expected } = solved(drawn, 1e-13);
      for (const [node, value] of expected.entries()) expect(found[node]).toBeCloseTo(value, 6);
    }),
  );
});

test("errors of personalized PageRank are bounded by the tolerance", () => {
  fc.assert(
    fc.property(walks, fc.constantFrom(0.3, 0.1, 0.01, 1e-3), (drawn, tolerance) => {
      const { found, expected } = solved(drawn, tolerance);
      const error = expected.reduce((sum, value, node) => sum + Math.abs(found[node]! - value), 0);
      // Before they are scaled, probabilities sum to at least 1 − d: the rest is that of nodes without edges.
      expect(error).toBeLessThanOrEqual((2 * tolerance) / (1 - drawn.damping));
    }),
  );
});

test("the binary form of the products is their text, assembled", async () => {
  const text = readFileSync("trainers/memory/graph/sparse-product.wat", "utf8");
  const assembled = (await openWabt()).parseWat("sparse-product.wat", text).toBinary({});
  expect(Buffer.from(assembled.buffer).toString("base64")).toBe(binary);
});

const phrase = fc
  .array(fc.constantFrom("new", "york", "city", "北京", "大学", "a", "ab", "yorker"), { minLength: 1, maxLength: 4 })
  .map((words) => words.join(" "));

/** All pairs, without any blocking. */
function alike(a: string, b: string, threshold: number): boolean {
  const grams = (text: string) => {
    const all = ["\u0002", ...text, "\u0003"];
    return new Set(all.slice(0, -2).map((_, index) => all.slice(index, index + 3).join("")));
  };
  const [x, y] = [grams(a), grams(b)];
  const shared = [...x].filter((gram) => y.has(gram)).length;
  return shared / Math.sqrt(x.size * y.size) >= threshold;
}

test("similar phrases are those of all pairs, whatever came and went", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(phrase, { maxLength: 14 }),
      fc.constantFrom(0.3, 0.6, 0.8, 1),
      fc.nat(13),
      (all, t, gone) => {
        const similar = new SimilarPhrases(t);
        for (const one of all) similar.add(one);
        const removed = all.slice(0, gone);
        for (const one of removed) similar.remove(one);
        const left = all.slice(gone);
        for (const one of left) {
          const expected = left.filter((other) => other !== one && alike(one, other, t)).sort();
          expect(similar.of(one).map(([other]) => other)).toEqual(expected);
        }
      },
    ),
    { numRuns: 300 },
  );
});
