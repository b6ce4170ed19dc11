import { random } from "../../../harness/contract/random.js";
import { bootstrapBounds } from "../../../harness/gate/bootstrap.js";
import { judge } from "../../../harness/gate/judge.js";
import { noise } from "./noise.js";
import { percent, type Table } from "./table.js";

/** False passes at the margin of 1 with noise of standard deviation 1, and how often the bootstrap's interval misses. */
export function errorTable(trials: number): Table {
  const counts = [3, 5, 10];
  return {
    head: [
      "noise",
      ...counts.map((count) => `K = ${count}`),
      "BCa, 12 orders: interval above / below the truth (2.5% each)",
    ],
    rows: Object.keys(noise).map((kind) => {
      const { above, below } = misses(kind, Math.ceil(trials / 8));
      return [
        kind,
        ...counts.map((count) => percent(falsePasses(kind, count, trials))),
        `${percent(above)} / ${percent(below)}`,
      ];
    }),
  };
}

function falsePasses(kind: string, orders: number, trials: number): number {
  const stream = random({ seed: 1, stream: kind, item: orders });
  const passes = Array.from({ length: trials }, () => {
    const differences = Array.from({ length: orders }, () => noise[kind]!(stream) - 1);
    return judge(differences, { margin: 1, least: null }).verdict === "pass";
  });
  return passes.filter(Boolean).length / trials;
}

function misses(kind: string, trials: number): { above: number; below: number } {
  const stream = random({ seed: 2, stream: kind });
  const intervals = Array.from({ length: trials }, () =>
    bootstrapBounds(
      Array.from({ length: 12 }, () => noise[kind]!(stream)),
      0.025,
    ),
  );
  return {
    above: intervals.filter(({ low }) => low > 0).length / trials,
    below: intervals.filter(({ high }) => high < 0).length / trials,
  };
}
