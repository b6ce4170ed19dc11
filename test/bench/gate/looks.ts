import { random } from "../../../harness/contract/random.js";
import { judge } from "../../../harness/gate/judge.js";
import { totalAlpha } from "../../../harness/gate/looks.js";
import { noise } from "./noise.js";
import { percent, type Table } from "./table.js";

const looks = [3, 5, 8, 12];
const mostOrders = looks.at(-1)!;

/** Error of each look: all of it, or in proportion to the orders seen, as `planLook` spends it. */
export const spending = {
  whole: () => totalAlpha,
  inProportion: (look: number) => (totalAlpha * (looks[look]! - (looks[look - 1] ?? 0))) / mostOrders,
};

/** How often a gate that is run with 3, 5, 8 and 12 orders passes at some look, though the truth is `shift` from the baseline. */
export function passesAtSomeLook(
  kind: string,
  shift: number,
  alphaOf: (look: number) => number,
  trials: number,
): number {
  const stream = random({ seed: 1, stream: `looks ${kind}` });
  const passes = Array.from({ length: trials }, () => {
    const differences = Array.from({ length: mostOrders }, () => noise[kind]!(stream) + shift);
    return looks.some((orders, look) => {
      const rule = { margin: 1, least: null, alpha: alphaOf(look) };
      return judge(differences.slice(0, orders), rule).verdict === "pass";
    });
  });
  return passes.filter(Boolean).length / trials;
}

/** Looks at 3, 5, 8 and 12 orders; margin and standard deviation of the differences are 1. */
export function lookTable(trials: number): Table {
  return {
    head: ["noise", "false passes, 5% at each look", "false passes, error spent", "passes of an unchanged candidate"],
    rows: ["gaussian", "laplace", "student t3", "uniform"].map((kind) => [
      kind,
      percent(passesAtSomeLook(kind, -1, spending.whole, trials)),
      percent(passesAtSomeLook(kind, -1, spending.inProportion, trials)),
      percent(passesAtSomeLook(kind, 0, spending.inProportion, trials)),
    ]),
  };
}
