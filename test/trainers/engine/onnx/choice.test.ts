import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseToken } from "../../../../trainers/engine/onnx/inference/choice.js";

const context = { id: "a", step: 0, seen: new Set<number>() };
const greedy = { maxNewTokens: 1 };

/** Relative frequencies over many requests, so that each draw has its own key. */
function frequencies(logits: number[], decoding: object, draws = 4000): number[] {
  const counts = logits.map(() => 0);
  for (let i = 0; i < draws; i++) {
    const token = chooseToken(
      Float32Array.from(logits),
      { ...greedy, seed: 7, ...decoding },
      { ...context, id: `${i}` },
    );
    counts[token]!++;
  }
  return counts.map((count) => count / draws);
}

test("greedy: the likeliest, the first among equals", () => {
  expect(chooseToken(Float32Array.of(1, 3, 3, 2), greedy, context)).toBe(1);
  expect(chooseToken(Float32Array.of(-5), { ...greedy, temperature: 0 }, context)).toBe(0);
});

test("sampling follows the softmax at the temperature", () => {
  const probabilities = [0.5, 0.3, 0.2];
  for (const temperature of [1, 2]) {
    const powers = probabilities.map((p) => p ** (1 / temperature));
    const total = powers.reduce((a, b) => a + b);
    const found = frequencies(probabilities.map(Math.log), { temperature });
    // Four standard errors of a frequency over 4,000 draws are 0.032 at most.
    for (const [i, power] of powers.entries()) expect(Math.abs(found[i]! - power / total)).toBeLessThan(0.032);
  }
});

test("the nucleus is the smallest set that reaches topP, renormalized", () => {
  const logits = [0.15, 0.5, 0.05, 0.3].map(Math.log);
  expect(frequencies(logits, { temperature: 1, topP: 0.4 })).toEqual([0, 1, 0, 0]);
  const two = frequencies(logits, { temperature: 1, topP: 0.7 });
  expect(two[0]! + two[2]!).toBe(0);
  expect(Math.abs(two[1]! - 0.625)).toBeLessThan(0.032);
});

test("the repetition penalty divides positive and multiplies negative logits of what occurred", () => {
  const penalized = { ...greedy, repetitionPenalty: 2 };
  expect(chooseToken(Float32Array.of(3, 2), penalized, { ...context, seen: new Set([0]) })).toBe(1);
  expect(chooseToken(Float32Array.of(-1, -1.5), penalized, { ...context, seen: new Set([0]) })).toBe(1);
  expect(chooseToken(Float32Array.of(3, 1), penalized, { ...context, seen: new Set([0]) })).toBe(0);
});

test("a draw depends on seed, request and step alone", () => {
  const logits = Array.from({ length: 50 }, (_, i) => Math.sin(i));
  const draw = (seed: number, id: string, step: number) =>
    chooseToken(Float32Array.from(logits), { ...greedy, temperature: 1, seed }, { ...context, id, step });
  const first = draw(3, "a", 5);
  draw(4, "b", 6);
  expect(draw(3, "a", 5)).toBe(first);
  const varied = (change: (i: number) => number) => new Set(Array.from({ length: 40 }, (_, i) => change(i))).size;
  expect(varied((i) => draw(i, "a", 0))).toBeGreaterThan(10);
  expect(varied((i) => draw(0, `${i}`, 0))).toBeGreaterThan(10);
  expect(varied((i) => draw(0, "a", i))).toBeGreaterThan(10);
});

test("what is chosen always exists, whatever the logits", () => {
  const logits = fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 1, maxLength: 30 });
  const topP = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(logits, topP, fc.double({ min: 0, max: 3, noNaN: true }), (values, p, temperature) => {
      const token = chooseToken(Float32Array.from(values), { ...greedy, temperature, topP: p }, context);
      expect(token).toBeGreaterThanOrEqual(0);
      expect(token).toBeLessThan(values.length);
    }),
  );
});

test("of equally likely tokens the nucleus takes the lower ids", () => {
  const found = frequencies([1, 3, 3, 3].map(Math.log), { temperature: 1, topP: 0.5 });
  expect([found[0], found[3]]).toEqual([0, 0]);
  expect(Math.abs(found[1]! - 0.5)).toBeLessThan(0.032);
});
