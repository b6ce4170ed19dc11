import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Example } from "../../../harness/contract/suite.js";
import { Mixture } from "../../../trainers/training/mixture.js";
import type { Source } from "../../../trainers/training/strategy.js";

const example = (id: string): Example => ({ id, input: [{ type: "text", text: id }], references: ["x"] });
const source = (name: string, count: number, share: number) => ({
  name,
  share,
  items: Array.from({ length: count }, (_, index) => ({ example: example(`${name}/${index}`), task: undefined })),
});
const idsOf = (mixture: Mixture, step: number) => mixture.draws(step).batch.map((item) => item.example.id);
const allIds = (mixture: Mixture, steps: number) =>
  Array.from({ length: steps }, (_, step) => idsOf(mixture, step)).flat();
const countOf = (ids: string[], name: string) => ids.filter((id) => id.startsWith(`${name}/`)).length;

/** Sources with random sizes whose shares sum to 1. */
const mixtures = fc
  .array(fc.record({ items: fc.integer({ min: 1, max: 40 }), weight: fc.integer({ min: 1, max: 20 }) }), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => {
    const total = parts.reduce((sum, { weight }) => sum + weight, 0);
    return parts.map(({ items, weight }, index) => source(`s${index}`, items, weight / total));
  });

test("every prefix contains each source in its share, to within one item", () => {
  fc.assert(
    fc.property(mixtures, fc.integer({ min: 1, max: 17 }), (sources, batchSize) => {
      const ids = allIds(new Mixture(sources, batchSize, 20, 1), 20);
      for (let length = 1; length <= ids.length; length++) {
        for (const { name, share } of sources) {
          const excess = countOf(ids.slice(0, length), name) - share * length;
          expect(excess).toBeLessThan(1 + 1e-9);
          expect(excess).toBeGreaterThan(-sources.length);
        }
      }
    }),
    { numRuns: 40 },
  );
});

test("a share of 0.2 over 50 steps of 16 is 160 items of 800", () => {
  const ids = allIds(new Mixture([source("new", 600, 0.2), source("past", 100, 0.8)], 16, 50, 3), 50);
  expect([countOf(ids, "new"), countOf(ids, "past")]).toEqual([160, 640]);
});

test("a step's items depend on seed, sources and step alone, in whatever order steps are asked for", () => {
  fc.assert(
    fc.property(
      mixtures,
      fc.array(fc.nat(19), { minLength: 1, maxLength: 30 }),
      fc.nat(100),
      (sources, steps, seed) => {
        const straight = new Mixture(sources, 8, 20, seed);
        const expected = Array.from({ length: 20 }, (_, step) => idsOf(straight, step));
        const jumping = new Mixture(sources, 8, 20, seed);
        for (const step of steps) expect(idsOf(jumping, step)).toEqual(expected[step]);
      },
    ),
    { numRuns: 40 },
  );
});

test("an epoch contains every item once, and each epoch and each seed has its own order", () => {
  const epochs = (seed: number) => {
    const ids = allIds(new Mixture([source("only", 24, 1)], 8, 9, seed), 9);
    return [0, 1, 2].map((epoch) => ids.slice(epoch * 24, (epoch + 1) * 24));
  };
  const [first, second, third] = epochs(1);
  for (const epoch of [first, second, third]) expect(new Set(epoch).size).toBe(24);
  expect(first).not.toEqual(second);
  expect(second).not.toEqual(third);
  expect(epochs(2)[0]).not.toEqual(first);
});

test("tasks mixed in proportion to their steps see the items that they see alone", () => {
  const [a, b] = [source("a", 30, 0.25), source("b", 50, 0.75)];
  const alone = (only: Source, steps: number) => allIds(new Mixture([{ ...only, share: 1 }], 4, steps, 5), steps);
  const together = allIds(new Mixture([a, b], 4, 40, 5), 40);
  expect(together.filter((id) => id.startsWith("a/"))).toEqual(alone(a, 10));
  expect(together.filter((id) => id.startsWith("b/"))).toEqual(alone(b, 30));
});

test("sources of whole steps share no step with others, and have their share to within a step", () => {
  fc.assert(
    fc.property(mixtures, fc.integer({ min: 1, max: 9 }), (sources, batchSize) => {
      const whole = (name: string) => Number(name.slice(1)) % 2 === 1; // s1, s3
      const marked = sources.map((own) => (whole(own.name) ? { ...own, wholeSteps: true } : own));
      const mixture = new Mixture(marked, batchSize, 20, 1);
      const share = sources.reduce((sum, own) => sum + (whole(own.name) ? own.share : 0), 0);
      let steps = 0;
      for (let step = 0; step < 20; step++) {
        const kinds = new Set(idsOf(mixture, step).map((id) => whole(id.split("/")[0]!)));
        expect(kinds.size).toBe(1);
        steps += Number(kinds.has(true));
        expect(Math.abs(steps - share * (step + 1))).toBeLessThan(1 + 1e-9);
      }
      for (const { name, share: own } of sources) {
        expect(Math.abs(countOf(allIds(mixture, 20), name) - own * 20 * batchSize)).toBeLessThan(
          batchSize + sources.length,
        );
      }
    }),
    { numRuns: 40 },
  );
});
