import fc from "fast-check";
import { expect, test } from "vitest";
import { fullBlock } from "../../../../trainers/training/blocks.js";
import { nearestByCluster } from "../../../../trainers/training/selection/k-means.js";
import { orderedChoices } from "../../../../trainers/training/synthesis/demonstrations.js";
import { parseInstance } from "../../../../trainers/training/synthesis/parse.js";
import { Tally } from "../../../../trainers/training/synthesis/tally.js";

const generation = (text: string, finishReason: "stop" | "end" | "length" = "stop") => ({
  text,
  finishReason,
  tokens: 1,
});

test("the instance is the text between the markers", () => {
  expect(parseInstance(generation(" one\ntwo"), "input")).toEqual({ input: "one\ntwo", output: "" });
  expect(parseInstance(generation(" one\nOutput: two"), "block")).toEqual({ input: "one", output: "two" });
  expect(parseInstance(generation(" one\nOutput: two\n\n", "end"), "block")).toEqual({ input: "one", output: "two" });
});

test.each([
  ["an end before the answer's marker", generation(" one", "end"), "input", "malformed"],
  ["nothing but white space", generation(" \n"), "input", "malformed"],
  ["another block inside", generation(" one\nInput: two"), "input", "malformed"],
  ["a block without an answer's marker", generation(" one"), "block", "malformed"],
  ["two answers", generation(" one\nOutput: two\nOutput: three"), "block", "malformed"],
  ["no answer", generation(" one\nOutput: "), "block", "no answer"],
  ["no end within the limit", generation(" one one one", "length"), "input", "too long"],
] as const)("%s is dropped", (_, text, extent, reason) => {
  expect(parseInstance(text, extent)).toBe(reason);
});

const word = fc.string({ minLength: 1 }).filter((text) => text.trim() !== "" && !/Input:|Output:/.test(text));

test("a block that was written is read back", () => {
  fc.assert(
    fc.property(word, word, (input, output) => {
      const block = fullBlock({ input, output }).slice("Input:".length);
      expect(parseInstance(generation(block), "block")).toEqual({ input: input.trim(), output: output.trim() });
    }),
  );
});

test("every draw is kept or counted under one reason", () => {
  const reason = fc.constantFrom("malformed" as const, "too long" as const);
  const draw = fc.oneof(
    reason,
    fc.constantFrom("a", "b", "c", "d").map((input) => ({ input, output: "" })),
  );
  fc.assert(
    fc.property(fc.array(draw), (draws) => {
      const tally = new Tally();
      const kept = tally.sift(draws, [{ input: "d", output: "x" }]);
      expect(new Set(kept.map(({ input }) => input)).size).toBe(kept.length);
      expect(kept.some(({ input }) => input === "d")).toBe(false);
      const dropped = Object.values(tally.dropped).reduce((sum, count) => sum + count, 0);
      expect([tally.drawn, kept.length + dropped]).toEqual([draws.length, draws.length]);
      expect(tally.parsed).toBe(draws.filter((one) => typeof one !== "string").length);
    }),
  );
});

test("no ordered choice of demonstrations comes again before all came once", () => {
  const demonstrations = ["a", "b", "c", "d"].map((input) => ({ input, output: "" }));
  const key = { seed: 1, task: "t" };
  const choices = orderedChoices(demonstrations, 2, 30, key).map((choice) => choice.map(({ input }) => input).join());
  expect(new Set(choices.slice(0, 12)).size).toBe(12);
  expect(new Set(choices.slice(12, 24)).size).toBe(12);
  expect(choices.every((choice) => choice[0] !== choice[2])).toBe(true);
  expect(orderedChoices(demonstrations.slice(0, 1), 2, 3, key).map(({ length }) => length)).toEqual([1, 1, 1]);
  expect(orderedChoices([], 2, 3, key)).toEqual([[], [], []]);
});

test("clusters give in proportion to their sizes, the nearest to each centroid first", () => {
  expect(nearestByCluster([0, 0, 0, 0, 1, 1], [4, 1, 3, 2, 9, 8], 3).sort()).toEqual([1, 3, 5]);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(9)), { minLength: 1 }), fc.nat(), (points, seed) => {
      const count = 1 + (seed % points.length);
      const clusterOf = points.map(([cluster]) => cluster);
      const chosen = nearestByCluster(
        clusterOf,
        points.map(([, distance]) => distance),
        count,
      );
      expect(new Set(chosen).size).toBe(count);
      for (const cluster of new Set(clusterOf)) {
        const size = clusterOf.filter((own) => own === cluster).length;
        const given = chosen.filter((index) => clusterOf[index] === cluster).length;
        expect(Math.abs(given - (count * size) / points.length)).toBeLessThan(1);
      }
    }),
  );
});
