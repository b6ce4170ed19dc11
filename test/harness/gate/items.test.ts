import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Answers } from "../../../harness/gate/items/answers.js";
import { compareItems, itemLimits, reachOf } from "../../../harness/gate/items/compare-items.js";
import { itemMeasureOf, itemMeasures } from "../../../harness/gate/items/item-measures.js";
import { combinedLimits, setLimits, tangoLimits, unflipped } from "../../../harness/gate/items/limits.js";
import { itemFlips, pairItems } from "../../../harness/gate/items/pair-items.js";
import { mcnemar, signFlips } from "../../../harness/gate/items/tests.js";
import { itemSettings, itemVerdicts } from "../../bench/gate/items.js";
import { monteCarloError } from "../../bench/gate/noise.js";

const suite = {
  tasks: ["one", "two"],
  probes: [
    { id: "facts", kind: "general" as const },
    { id: "maths", kind: "general" as const },
    { id: "refusal", kind: "safety" as const },
  ],
};
const answers = (scores: readonly number[], groups?: readonly string[]): Answers[string] =>
  scores.map((score, item) => ({
    id: String(item),
    score,
    output: `answer ${score}`,
    ...(groups && { group: groups[item]! }),
  }));
const measure = (key: string) => itemMeasureOf(key, suite, ["bwt", "generalAbilityDelta"]);
const rights = (right: number, of: number) => Array.from({ length: of }, (_, item) => Number(item < right));

describe("tests of no difference", () => {
  test("exact McNemar is the two-sided binomial test of the flips, against scipy's binomtest", () => {
    expect(mcnemar(2, 12)).toBeCloseTo(0.012939453125, 12);
    expect(mcnemar(0, 8)).toBeCloseTo(2 / 256, 12);
    expect(mcnemar(5, 5)).toBe(1);
    expect(mcnemar(0, 0)).toBe(1);
    expect(mcnemar(900, 1100)).toBeGreaterThan(1e-6);
    expect(mcnemar(900, 1100)).toBeLessThan(1e-4);
  });

  test("flips of signs are exact for few values: McNemar's where they are all alike", () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(6), (gained, lost) => {
        const values = [...Array(gained).fill(0.1), ...Array(lost).fill(-0.1), 0, 0];
        expect(signFlips(values)).toBeCloseTo(mcnemar(gained, lost), 9);
      }),
    );
  });

  test("and near it by drawing for many", () => {
    const values = [...Array(12).fill(1), ...Array(28).fill(-1)];
    expect(signFlips(values)).toBeCloseTo(mcnemar(12, 28), 2);
  });
});

describe("limits", () => {
  /** Tango's statistic with the likeliest share of lost answers found by search instead of in closed form. */
  function searched(gained: number, lost: number, n: number, delta: number): number {
    const likelihood = (q: number) =>
      [
        [gained, q + delta],
        [lost, q],
        [n - gained - lost, 1 - 2 * q - delta],
      ].reduce((sum, [count, share]) => sum + (count === 0 ? 0 : count! * Math.log(share!)), 0);
    let [low, high] = [Math.max(0, -delta), (1 - delta) / 2];
    for (let step = 0; step < 200; step++) {
      const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
      if (likelihood(a) < likelihood(b)) low = a;
      else high = b;
    }
    return (gained - lost - n * delta) / Math.sqrt(n * (2 * low + delta * (1 - delta)));
  }

  test("Tango's: the statistic is ±z at either limit", () => {
    const z = 1.6448536269514722;
    for (const [gained, lost, n] of [
      [12, 2, 50],
      [0, 8, 30],
      [3, 4, 100],
      [1, 0, 44],
    ] as const) {
      const { low, high } = tangoLimits(gained, lost, n, 0.05);
      expect(searched(gained, lost, n, low)).toBeCloseTo(z, 4);
      expect(searched(gained, lost, n, high)).toBeCloseTo(-z, 4);
    }
  });

  test("without any flip they are z²/(n + z²) away, so that nothing is proven by a few equal answers", () => {
    const { low, high } = tangoLimits(0, 0, 30, 0.05);
    expect(-low).toBeCloseTo(unflipped(30, 0.05), 9);
    expect(high).toBeCloseTo(unflipped(30, 0.05), 9);
  });

  test("hold the difference, swap with the sides and narrow with the items", () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), fc.integer({ min: 40, max: 200 }), (gained, lost, n) => {
        const { low, high } = tangoLimits(gained, lost, n, 0.05);
        const center = (gained - lost) / n;
        expect(low).toBeLessThanOrEqual(center);
        expect(high).toBeGreaterThanOrEqual(center);
        const swapped = tangoLimits(lost, gained, n, 0.05);
        expect(swapped.low).toBeCloseTo(-high, 9);
        const more = tangoLimits(4 * gained, 4 * lost, 4 * n, 0.05);
        expect(more.high - more.low).toBeLessThan(high - low);
      }),
    );
  });

  test("of several sets: each distance by its weight, in quadrature", () => {
    const set = { weight: 0.5, difference: -0.1, limits: { low: -0.3, high: 0 } };
    const { difference, low, high } = combinedLimits([set, { ...set, difference: 0.1, limits: { low: 0, high: 0.2 } }]);
    expect(difference).toBe(0);
    expect(low).toBeCloseTo(-Math.hypot(0.1, 0.05), 12);
    expect(high).toBeCloseTo(Math.hypot(0.05, 0.05), 12);
  });

  test("items of one group count once: the same answers in pairs are as uncertain as half of them", () => {
    const before = rights(60, 60).map((score) => score);
    const now = before.map((_, item) => Number(item % 12 >= 2)); // pairs fall together
    const groups = before.map((_, item) => String(Math.floor(item / 2)));
    const limits = (grouped: boolean) =>
      setLimits(
        pairItems(
          "probe:facts",
          { "probe:facts": answers(before, grouped ? groups : undefined) },
          { "probe:facts": answers(now, grouped ? groups : undefined) },
        ),
        0.05,
      );
    const width = ({ low, high }: { low: number; high: number }) => high - low;
    expect(width(limits(true)) / width(limits(false))).toBeGreaterThan(1.3);
    expect(width(limits(true)) / width(limits(false))).toBeLessThan(1.6);
  });
});

test.each(itemSettings.map((setting) => [setting.name, setting] as const))(
  "%s: a candidate worse by the margin passes and fails in at most one gate of twenty",
  (_, setting) => {
    const trials = setting.graded ? 60 : 150;
    const { passes, fails } = itemVerdicts(setting, trials);
    const limit = 0.06 + 3 * monteCarloError(0.06, trials);
    expect(passes).toBeLessThan(limit);
    expect(fails).toBeLessThan(limit);
  },
);

describe("measures of an evaluated model", () => {
  test("are absolute scores: overall, by task, by kind of probe and by probe", () => {
    expect(itemMeasures(suite).map(({ key }) => key)).toEqual([
      "op",
      "task:one",
      "task:two",
      "general",
      "safety",
      "probe:facts",
      "probe:maths",
      "probe:refusal",
    ]);
    expect(measure("general").weights).toEqual({ "probe:facts": 0.5, "probe:maths": 0.5 });
  });

  test("metrics of learning are refused, with the absolute score to use instead; so are unknown ones", () => {
    expect(() => measure("bwt")).toThrow(
      expect.objectContaining({ code: "USAGE", fix: expect.stringContaining("op") }),
    );
    expect(() => measure("generalAbilityDelta")).toThrow(
      expect.objectContaining({ fix: expect.stringMatching(/general\.$/) }),
    );
    expect(() => measure("probe:fact")).toThrow(
      expect.objectContaining({ code: "UNKNOWN_NAME", fix: expect.stringContaining("probe:facts") }),
    );
  });

  test("a probe that lost 27 points is seen, though another gained", () => {
    const before: Answers = { "probe:facts": answers(rights(26, 30)), "probe:maths": answers(rights(10, 30)) };
    const now: Answers = { "probe:facts": answers(rights(18, 30)), "probe:maths": answers(rights(18, 30)) };
    const facts = compareItems(measure("probe:facts"), before, now, 0.05);
    expect(facts).toMatchObject({
      items: 30,
      gained: 0,
      lost: 8,
      test: "exact McNemar",
      p: expect.closeTo(2 / 256, 12),
    });
    expect(facts.difference).toBeCloseTo(-8 / 30, 12);
    expect(facts.high).toBeLessThan(-0.02);
    const general = compareItems(measure("general"), before, now, 0.05);
    expect(general.difference).toBeCloseTo(0, 12);
    expect(general).toMatchObject({ gained: 8, lost: 8, test: "paired permutation", p: 1 });
  });

  test("other items are not compared", () => {
    const [before, now] = [{ "task:one": answers([1, 0, 1]) }, { "task:one": answers([1, 0]) }];
    expect(() => itemLimits(measure("task:one"), before, now, 0.05)).toThrow(
      expect.objectContaining({
        code: "BASELINE_MISMATCH",
        message: expect.stringContaining("3 there, 2 here, 2 in common"),
      }),
    );
    expect(() => itemLimits(measure("task:two"), before, now, 0.05)).toThrow("did not answer the same items");
  });

  test("flips are answers that changed sides, with what was answered", () => {
    const flips = itemFlips({ "task:one": answers([1, 0, 0.6, 0.2]) }, { "task:one": answers([0, 0, 0.9, 0.7]) });
    expect(flips.lost).toMatchObject([
      { set: "task:one", id: "0", baseline: { output: "answer 1" }, candidate: { score: 0 } },
    ]);
    expect(flips.gained).toMatchObject([{ id: "3" }]);
  });
});

test("a plan's promises: an unchanged candidate passes and the named fall fails, each with 80%", () => {
  const reach = reachOf(measure("task:one"), { "task:one": 400 }, 0.05, 0.05, 0.1);
  expect(reach).toMatchObject({ items: 400, leastMargin: unflipped(400, 0.05) });
  const setting = { name: "plan", sets: 1, items: 400, flips: 0.1 };
  const { unchanged } = itemVerdicts({ ...setting, fall: reach.passingMargin }, 300);
  expect(Math.abs(unchanged - 0.8)).toBeLessThan(0.1);
  expect(reach.detectableFall).toBeGreaterThan(0.05 + reach.passingMargin * 0.9);
  expect(reachOf(measure("task:one"), { "task:one": 1600 }, 0.05, 0.05, 0.1).passingMargin).toBeCloseTo(
    reach.passingMargin / 2,
    9,
  );
});
