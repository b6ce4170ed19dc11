import { expect, test } from "vitest";
import { type ArmCells, judgeClaims } from "../../../harness/claims/judge.js";
import type { RegisteredClaim } from "../../../harness/claims/registered.js";
import type { Hypothesis } from "../../../harness/contract/results/claim.js";
import { arm, cell } from "./cells.js";

const claim = (...hypotheses: Hypothesis[]): RegisteredClaim => ({
  ...{ id: "c", statement: "c", source: "test", alpha: 0.05, hypotheses },
});
const higher: Hypothesis = { metric: "op", contrast: { a: 1, b: -1 }, direction: "above", threshold: 0 };
const one = (tested: RegisteredClaim, cells: Record<string, ArmCells>, looks?: number) =>
  judgeClaims([tested], cells, { looks })[0]!;

const low = arm([0.5, 0.52, 0.49, 0.51]);
const high = arm([0.7, 0.71, 0.7, 0.72]);

test("supported, contradicted, undecided: by p for and p against", () => {
  const supported = one(claim(higher), { a: high, b: low });
  expect(supported).toMatchObject({ verdict: "supported", runs: 8 });
  expect(supported.adjustedP).toBeLessThan(0.001);
  expect(supported.adjustedPAgainst).toBeCloseTo(1 - supported.adjustedP!, 12);
  const contradicted = one(claim(higher), { a: low, b: high });
  expect(contradicted.verdict).toBe("contradicted");
  expect(contradicted.hypotheses[0]!.high).toBeLessThan(0);
  const undecided = one(claim(higher), { a: arm([0.6, 0.4, 0.55, 0.5]), b: low });
  expect(undecided.verdict).toBe("undecided");
  expect(undecided.hypotheses[0]!.low).toBeLessThan(0);
  expect(undecided.hypotheses[0]!.high).toBeGreaterThan(0);
  expect(undecided.hypotheses[0]!.furtherOrders).toBeGreaterThan(0);
});

test("p is Student's: differences 0.10, 0.12, 0.14 have t = 10.39 with two degrees of freedom", () => {
  const { hypotheses } = one(claim(higher), { a: arm([0.6, 0.62, 0.64]), b: arm([0.5, 0.5, 0.5]) });
  expect(hypotheses[0]!.p).toBeCloseTo(0.00457, 5); // R: pt(0.12 / (0.02 / sqrt(3)), 2, lower.tail = FALSE)
});

test("a threshold below 0 asks for non-inferiority only", () => {
  const slightlyLess = arm([0.49, 0.51, 0.482, 0.5]);
  expect(one(claim(higher), { a: slightlyLess, b: low }).verdict).toBe("contradicted");
  expect(one(claim({ ...higher, threshold: -0.02 }), { a: slightlyLess, b: low }).verdict).toBe("supported");
});

test("below is above with all signs turned", () => {
  const above = one(claim({ ...higher, threshold: 0.1 }), { a: high, b: low });
  const mirrored: Hypothesis = { ...higher, contrast: { a: -1, b: 1 }, direction: "below", threshold: -0.1 };
  const below = one(claim(mirrored), { a: high, b: low });
  expect(below).toMatchObject({ verdict: above.verdict, adjustedP: above.adjustedP });
  const [{ mean, low: lower, high: upper }] = above.hypotheses as [(typeof above.hypotheses)[0]];
  expect(below.hypotheses[0]!.mean).toBeCloseTo(-mean!, 12);
  expect(below.hypotheses[0]!.low).toBeCloseTo(-upper!, 12);
  expect(below.hypotheses[0]!.high).toBeCloseTo(-lower!, 12);
});

test("nothing is shown by arms that never differ, nor by fewer than three orders", () => {
  expect(one(claim(higher), { a: low, b: low })).toMatchObject({
    verdict: "undecided",
    hypotheses: [{ mean: 0, reason: "every order is exactly at the threshold" }],
  });
  expect(one(claim({ ...higher, threshold: -0.02 }), { a: low, b: low }).verdict).toBe("supported");
  expect(one(claim(higher), { a: arm([0.7, 0.71]), b: arm([0.5, 0.5]) })).toMatchObject({
    verdict: "undecided",
    adjustedP: null,
    hypotheses: [{ furtherOrders: 1, orders: 2, low: null, p: null }],
  });
});

test("weights: more than half of the forgetting repaired, or less", () => {
  const repairs: Hypothesis = { ...higher, metric: "bwt", contrast: { replay: 1, sequential: -0.5 } };
  const sequential = arm([0.5, 0.5, 0.5], [-0.4, -0.42, -0.38]);
  const much = arm([0.5, 0.5, 0.5], [-0.1, -0.11, -0.1]);
  const little = arm([0.5, 0.5, 0.5], [-0.3, -0.31, -0.3]);
  const good = one(claim(repairs), { sequential, replay: much });
  expect(good.verdict).toBe("supported");
  expect(good.hypotheses[0]!.mean).toBeCloseTo(-0.31 / 3 + 0.2, 12);
  expect(one(claim(repairs), { sequential, replay: little }).verdict).toBe("contradicted");
});

test("seeds are averaged within an order, and only those that every arm has count", () => {
  const orders = ["x", "y", "z"];
  const side = { unfinished: [], deterministic: false };
  const a = {
    ...side,
    cells: orders.flatMap((order) => [cell(order, 1, 0.6), cell(order, 2, 0.8), cell(order, 3, 0)]),
  };
  const b = { ...side, cells: orders.flatMap((order) => [cell(order, 1, 0.5), cell(order, 2, 0.5)]) };
  expect(one(claim(higher), { a, b }).hypotheses[0]).toMatchObject({ orders: 3, mean: expect.closeTo(0.2, 12) });
});

test("all hypotheses of a claim have to hold; against it, p is the smallest times their number", () => {
  const noise = arm([0.6, 0.4, 0.55, 0.5]);
  const second: Hypothesis = { ...higher, contrast: { c: 1, b: -1 } };
  const both = (c: ArmCells) => one(claim(higher, second), { a: high, b: low, c });
  expect(both(high).verdict).toBe("supported");
  expect(both(noise).verdict).toBe("undecided");
  const against = both(arm([0.3, 0.31, 0.3, 0.32]));
  expect(against.verdict).toBe("contradicted");
  expect(against.adjustedPAgainst).toBeCloseTo(2 * against.hypotheses[1]!.pAgainst!, 12);
});

test("verdicts are by p adjusted by Holm over the table, in both directions", () => {
  const nearly = { a: arm([0.53, 0.56, 0.52, 0.55]), b: low };
  const alone = one(claim(higher), nearly);
  expect(alone.verdict).toBe("supported");
  const tested = Array.from({ length: 4 }, () => claim(higher));
  const [first] = judgeClaims(tested, nearly);
  expect(first!.adjustedP).toBeCloseTo(4 * alone.hypotheses[0]!.p!, 12);
  expect(first!.verdict).toBe(4 * alone.hypotheses[0]!.p! <= 0.05 ? "supported" : "undecided");
  const opposite = judgeClaims(
    tested.map(() => claim({ ...higher, contrast: { a: -1, b: 1 } })),
    nearly,
  );
  expect(opposite[0]!.adjustedPAgainst).toBeCloseTo(first!.adjustedP!, 12);
});

test("α is shared among the looks that were registered", () => {
  const cells = { a: arm([0.56, 0.53, 0.55, 0.57]), b: low };
  const { p } = one(claim(higher), cells).hypotheses[0]!;
  expect(p).toBeGreaterThan(0.05 / 50);
  expect(one(claim(higher), cells, 1).verdict).toBe("supported");
  expect(one(claim(higher), cells, 50).verdict).toBe("undecided");
});

test("unfinished cells leave their claim undecided without estimates, and count in the adjustment of the others", () => {
  const cells = { a: high, b: low, c: { ...high, unfinished: ["0123456789abcdef", "fedcba9876543210"] } as ArmCells };
  const other = claim({ ...higher, contrast: { c: 1, b: -1 } });
  const [whole, broken] = judgeClaims([claim(higher), other], cells);
  expect(broken).toMatchObject({
    ...{ verdict: "undecided", adjustedP: null, reason: "2 of 10 cells have not finished" },
    ...{ unfinished: ["0123456789abcdef", "fedcba9876543210"], hypotheses: [{ mean: null, low: null, p: null }] },
  });
  expect(whole!.adjustedP).toBeCloseTo(2 * whole!.hypotheses[0]!.p!, 12);
});

test("an arm that is missing makes its claim not runnable and leaves the others alone; p is adjusted over the rest", () => {
  const cells = { a: high, b: low, c: { missing: "no trainer c" } };
  const other = claim({ ...higher, contrast: { c: 1, b: -1 } });
  const [first, second, third] = judgeClaims([claim(higher), other, claim(higher)], cells);
  expect(second).toMatchObject({ verdict: "not runnable", reason: "no trainer c", adjustedP: null });
  expect(first!.adjustedP).toBeCloseTo(2 * first!.hypotheses[0]!.p!, 12);
  expect(third!.verdict).toBe("supported");
});

test("a metric that was not measured makes its claim not runnable; rounding is no difference", () => {
  const ability = one(claim({ ...higher, metric: "generalAbilityDelta" }), { a: high, b: low });
  expect(ability).toMatchObject({ verdict: "not runnable", adjustedP: null, hypotheses: [] });
  expect(ability.reason).toMatch(/^generalAbilityDelta of a: /);
  const third: Hypothesis = { ...higher, contrast: { a: 1, b: -1 / 3 } };
  const tenth = arm([0.1 + 1e-15, 0.1 + 1e-15, 0.1 + 1e-15]);
  expect(one(claim(third), { a: tenth, b: arm([0.3, 0.3, 0.3]) }).verdict).toBe("undecided");
});
