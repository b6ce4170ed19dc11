import { expect, test } from "vitest";
import { arms, armsOf, claims, claimsOf } from "../../../harness/claims/catalog.js";
import type { Claim, Hypothesis } from "../../../harness/claims/claim.js";
import { type ArmCells, judgeClaims } from "../../../harness/claims/judge.js";
import type { MatrixRecord } from "../../../harness/contract/result.js";
import { measureOf } from "../../../harness/gate/measures.js";

/** A finished cell of two tasks with a given OP and BWT: the first was learned to op − bwt/2 … so that both come out. */
function cell(order: string, seed: number, op: number, bwt = 0): { order: string; seed: number; matrix: MatrixRecord } {
  const rows = [
    [0, 0],
    [op - bwt, 0],
    [op, op],
  ];
  const items = rows.map((row) => row.map(() => 1000));
  const nothing = rows.map((row) => row.map(() => null));
  return {
    order,
    seed,
    matrix: {
      schema: "matrix@1",
      ...{ trainer: "any", order, seed, tasks: ["one", "two"], rows, n: items, extracted: rows, valid: rows },
      ...{ shifted: nothing, probes: {}, probeKinds: {}, probeN: {}, confusion: {} },
    },
  };
}

const arm = (values: number[], bwt: number[] = []): ArmCells => ({
  cells: values.map((op, index) => cell(`order-${index}`, 1, op, bwt[index])),
  deterministic: false,
});

const claim = (...hypotheses: Hypothesis[]): Claim => ({ id: "c", statement: "c", source: "test", hypotheses });
const higher: Hypothesis = { metric: "op", contrast: { a: 1, b: -1 }, margin: 0 };
const one = (tested: Claim, cells: Record<string, ArmCells>) => judgeClaims([tested], cells, 0.05)[0]!;

const low = arm([0.5, 0.52, 0.49, 0.51]);
const high = arm([0.7, 0.71, 0.7, 0.72]);

test("supported, contradicted, undecided: by the one-sided bounds", () => {
  expect(one(claim(higher), { a: high, b: low })).toMatchObject({ verdict: "supported", runs: 8 });
  const contradicted = one(claim(higher), { a: low, b: high });
  expect(contradicted.verdict).toBe("contradicted");
  expect(contradicted.hypotheses[0]!.high).toBeLessThan(0);
  const undecided = one(claim(higher), { a: arm([0.6, 0.4, 0.55, 0.5]), b: low });
  expect(undecided.verdict).toBe("undecided");
  expect(undecided.hypotheses[0]!.low).toBeLessThan(0);
  expect(undecided.hypotheses[0]!.high).toBeGreaterThan(0);
});

test("a margin turns superiority into non-inferiority", () => {
  const slightlyLess = arm([0.49, 0.51, 0.482, 0.5]);
  expect(one(claim(higher), { a: slightlyLess, b: low }).verdict).toBe("contradicted");
  expect(one(claim({ ...higher, margin: 0.02 }), { a: slightlyLess, b: low }).verdict).toBe("supported");
});

test("nothing is shown by arms that never differ, nor by fewer than three orders", () => {
  expect(one(claim(higher), { a: low, b: low })).toMatchObject({
    verdict: "undecided",
    hypotheses: [{ mean: 0, reason: "no order differs at all" }],
  });
  expect(one(claim({ ...higher, margin: 0.02 }), { a: low, b: low }).verdict).toBe("supported");
  expect(one(claim(higher), { a: arm([0.7, 0.71]), b: arm([0.5, 0.5]) })).toMatchObject({
    verdict: "undecided",
    hypotheses: [{ furtherOrders: 1, orders: 2, low: null }],
  });
});

test("weights: more than half of the forgetting repaired, or less", () => {
  const repairs: Hypothesis = { metric: "bwt", contrast: { replay: 1, sequential: -0.5 }, margin: 0 };
  const sequential = arm([0.5, 0.5, 0.5], [-0.4, -0.42, -0.38]);
  const much = arm([0.5, 0.5, 0.5], [-0.1, -0.11, -0.1]);
  const little = arm([0.5, 0.5, 0.5], [-0.3, -0.31, -0.3]);
  const good = one(claim(repairs), { sequential, replay: much });
  expect(good.verdict).toBe("supported");
  expect(good.hypotheses[0]!.mean).toBeCloseTo(-0.31 / 3 + 0.2, 12);
  expect(one(claim(repairs), { sequential, replay: little }).verdict).toBe("contradicted");
});

test("seeds are averaged within an order, and only those that every arm has count", () => {
  const a = {
    cells: ["x", "y", "z"].flatMap((order) => [cell(order, 1, 0.6), cell(order, 2, 0.8), cell(order, 3, 0)]),
    deterministic: false,
  };
  const b = {
    cells: ["x", "y", "z"].flatMap((order) => [cell(order, 1, 0.5), cell(order, 2, 0.5)]),
    deterministic: false,
  };
  expect(one(claim(higher), { a, b }).hypotheses[0]).toMatchObject({ orders: 3, mean: expect.closeTo(0.2, 12) });
});

test("all hypotheses of a claim have to hold, and one that does not is enough against it", () => {
  const noise = arm([0.6, 0.4, 0.55, 0.5]);
  const second: Hypothesis = { metric: "op", contrast: { c: 1, b: -1 }, margin: 0 };
  const both = (c: ArmCells) => one(claim(higher, second), { a: high, b: low, c }).verdict;
  expect(both(high)).toBe("supported");
  expect(both(noise)).toBe("undecided");
  expect(both(arm([0.3, 0.31, 0.3, 0.32]))).toBe("contradicted");
});

test("an arm that is missing makes its claim not runnable and leaves the others alone; p is adjusted over the rest", () => {
  const cells = { a: high, b: low, c: { missing: "no trainer c" } };
  const other = claim({ ...higher, contrast: { c: 1, b: -1 } });
  const [first, second, third] = judgeClaims([claim(higher), other, claim(higher)], cells, 0.05);
  expect(second).toMatchObject({ verdict: "not runnable", reason: "no trainer c", adjustedP: null });
  expect(first!.adjustedP).toBeCloseTo(2 * first!.hypotheses[0]!.p!, 12);
  expect(third!.verdict).toBe("supported");
});

test("a metric that was not measured makes its claim not runnable; rounding is no difference", () => {
  const ability = one(claim({ metric: "generalAbilityDelta", contrast: { a: 1, b: -1 }, margin: 0 }), {
    a: high,
    b: low,
  });
  expect(ability).toMatchObject({ verdict: "not runnable", adjustedP: null, hypotheses: [] });
  expect(ability.reason).toMatch(/^generalAbilityDelta of a: /);
  const half: Hypothesis = { metric: "op", contrast: { a: 1, b: -1 / 3 }, margin: 0 };
  const tenth = arm([0.1 + 1e-15, 0.1 + 1e-15, 0.1 + 1e-15]);
  expect(one(claim(half), { a: tenth, b: arm([0.3, 0.3, 0.3]) }).verdict).toBe("undecided");
});

test("every claim names its source, arms that exist and metrics that exist", () => {
  expect(new Set(claims.map(({ id }) => id)).size).toBe(claims.length);
  for (const known of claims) {
    expect(known.source).not.toBe("");
    for (const name of armsOf(known)) expect(arms).toHaveProperty(name);
    for (const { metric } of known.hypotheses) expect(measureOf(metric, []).key).toBe(metric);
  }
  expect(() => claimsOf(["ewc-forgets-les"])).toThrow(
    expect.objectContaining({ fix: 'Did you mean "ewc-forgets-less"?' }),
  );
});
