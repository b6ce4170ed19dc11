import { expect, test } from "vitest";
import { random } from "../../../harness/contract/random.js";
import { judge } from "../../../harness/gate/judge.js";
import { mean } from "../../../harness/metrics/definition.js";
import { holm, pairedPValue } from "../../../harness/metrics/statistics/statistics.js";
import { type FalseVerdict, falseVerdicts, shareOf } from "../../bench/gate/discreteness.js";
import { monteCarloError } from "../../bench/gate/noise.js";

const counted = [2, 3, 5];
const isGate = ({ name }: FalseVerdict) => name.startsWith("gate");

test.each(falseVerdicts.filter((verdict) => !isGate(verdict)))(
  "$name: hardly any false verdict from equal counts",
  (verdict) => {
    const trials = 60; // of each number of orders; twice the allowed 5% would pass once in twenty times
    const share = mean(counted.map((orders) => shareOf(verdict, orders, trials)));
    expect(share).toBeLessThan(0.05 + monteCarloError(0.05, counted.length * trials));
  },
);

test.each(
  falseVerdicts.filter(isGate).flatMap((verdict) => counted.map((orders) => ({ ...verdict, verdict, orders }))),
)("$name, $orders orders: hardly any false verdict from equal counts", ({ verdict, orders }) => {
  expect(shareOf(verdict, orders, 200)).toBeLessThan(0.05); // a tenth of false passes would pass once in 250 times
});

/** Right answers of 50, each right with the same probability. */
function counts(name: string, share: number) {
  const stream = random({ seed: 1, stream: name });
  return () => Array.from({ length: 50 }, () => stream.uniform() < share).filter(Boolean).length / 50;
}

test("an exact comparison of counts would give what this is about: a tenth of false passes, a third of false verdicts", () => {
  const trials = 1000;
  const share = (happens: () => boolean) => Array.from({ length: trials }, happens).filter(Boolean).length / trials;
  const nearly = counts("nearly all right", 0.98);
  const three = () => [nearly() - 1, nearly() - 1, nearly() - 1];
  expect(share(() => judge(three(), { margin: 0.02, least: 0 }).verdict === "pass")).toBeGreaterThan(0.08);
  expect(share(() => judge(three(), { margin: 0.02, least: 0.02 * Math.SQRT2 }).verdict === "pass")).toBeLessThan(0.01);

  const score = counts("two learners", 0.7);
  const difference = () => score() - score();
  const any = (least: number) =>
    share(() =>
      holm(Array.from({ length: 8 }, () => pairedPValue([difference(), difference()], least)!)).some((p) => p < 0.05),
    );
  expect(any(0)).toBeGreaterThan(0.3);
  expect(any(0.02 * Math.SQRT2)).toBeLessThan(0.01);
});
