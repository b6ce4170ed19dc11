import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { random } from "../../../harness/contract/random.js";
import { findSteps } from "../../../harness/metrics/index.js";

const noise = (length: number, item: number) => {
  const stream = random({ seed: 1, stream: "steps", item: String(item), step: length });
  return Array.from({ length }, () => stream.normal());
};

/** Share of 1000 sequences in which a step is found that `counts`. */
const rate = (length: number, jump: number, counts: (at: number[]) => boolean, known = 0): number =>
  Array.from({ length: 1000 }, (_, item) =>
    noise(length, item).map((value, place) => value + (place >= length / 2 ? jump : 0)),
  ).filter((values) => counts(findSteps(values, known).map(({ at }) => at))).length / 1000;

describe("steps", () => {
  it("are found where they are, with the levels on both sides", () => {
    expect(findSteps([0.8, 0.8, null, 0.8, 0.5, 0.5, 0.5, 0.5])).toEqual([
      { at: 4, before: expect.closeTo(0.8, 9), after: expect.closeTo(0.5, 9) },
    ]);
    const two = [1, 1.01, 0.99, 1, 3, 3.01, 2.99, 3, 2, 2.01, 1.99, 2];
    expect(findSteps(two).map(({ at }) => at)).toEqual([4, 8]);
  });

  it("are none in a constant, in a slow noise, and in fewer than three values", () => {
    expect(findSteps([0.7, 0.7, 0.7, 0.7])).toEqual([]);
    expect(findSteps([0, 1])).toEqual([]);
    expect(findSteps([0.8, 0.8, 0.75, 0.75], 0.05)).toEqual([]); // within what few items explain
  });

  it.each([4, 6, 8, 12, 20, 40])("are seen in at most 7%% of pure noise of %i values", (length) => {
    expect(rate(length, 0, (at) => at.length > 0)).toBeLessThanOrEqual(0.07);
    expect(rate(length, 0, (at) => at.length > 0, 1)).toBeLessThanOrEqual(0.01);
  });

  it("of four standard deviations are mostly found, within one place", () => {
    const near = (length: number) => (at: number[]) => at.some((place) => Math.abs(place - length / 2) <= 1);
    expect(rate(20, 4, near(20))).toBeGreaterThan(0.95);
    expect(rate(12, 4, near(12))).toBeGreaterThan(0.85);
    expect(rate(8, 4, near(8))).toBeGreaterThan(0.6); // few values tell little of their noise
  });

  it("are at the same places for shifted and scaled values (a law)", () => {
    const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.integer({ min: -1000, max: 1000 }), fc.constantFrom(0.5, 2, 8), (line, shift, scale) => {
        const places = (numbers: number[]) => findSteps(numbers).map(({ at }) => at);
        expect(places(line.map((value) => value * scale + shift))).toEqual(places(line));
      }),
    );
  });
});
