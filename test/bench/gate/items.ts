import { type RandomStream, random } from "../../../harness/contract/random.js";
import type { Answers } from "../../../harness/gate/items/answers.js";
import { itemLimits } from "../../../harness/gate/items/compare-items.js";
import { percent, type Table } from "./table.js";

/** Two models of which the candidate is truly worse by `fall` on every set, and differs besides on a share of the items. */
export interface ItemSetting {
  name: string;
  sets: number;
  items: number;
  fall: number;
  /** Share of answers that flip for no reason. */
  flips: number;
  /** Scores on a grade, not right or wrong. */
  graded?: boolean;
}

export const itemSettings: ItemSetting[] = [
  { name: "30 answers, 5% flip", sets: 1, items: 30, fall: 0.1, flips: 0.05 },
  { name: "100 answers, none flips but what falls", sets: 1, items: 100, fall: 0.02, flips: 0 },
  { name: "100 answers, 10% flip", sets: 1, items: 100, fall: 0.05, flips: 0.1 },
  { name: "500 answers, 20% flip", sets: 1, items: 500, fall: 0.02, flips: 0.2 },
  { name: "8 tasks × 50 answers, 10% flip", sets: 8, items: 50, fall: 0.02, flips: 0.1 },
  { name: "8 tasks × 50 answers, none flips but what falls", sets: 8, items: 50, fall: 0.02, flips: 0 },
  { name: "50 grades", sets: 1, items: 50, fall: 0.05, flips: 0.3, graded: true },
  { name: "4 tasks × 50 grades", sets: 4, items: 50, fall: 0.03, flips: 0.3, graded: true },
];

/** Shares of verdicts by a margin of the true fall, and of an unchanged candidate that passes it. */
export function itemVerdicts(
  setting: ItemSetting,
  trials: number,
): { passes: number; fails: number; unchanged: number } {
  const stream = random({ seed: 1, stream: `items ${setting.name}` });
  const keys = Array.from({ length: setting.sets }, (_, set) => `task:${set}`);
  const measure = { key: "op", title: "", weights: Object.fromEntries(keys.map((key) => [key, 1 / keys.length])) };
  const counts = { passes: 0, fails: 0, unchanged: 0 };
  for (let trial = 0; trial < trials; trial++) {
    const [worse, same] = [setting.fall, 0].map((fall) => {
      const sides = keys.map((key) => [key, answerPairs(stream, { ...setting, fall })] as const);
      const side = (which: 0 | 1): Answers => Object.fromEntries(sides.map(([key, pairs]) => [key, pairs[which]]));
      return itemLimits(measure, side(0), side(1), 0.05);
    });
    if (worse!.low > -setting.fall) counts.passes += 1 / trials;
    if (worse!.high < -setting.fall) counts.fails += 1 / trials;
    if (same!.low > -setting.fall) counts.unchanged += 1 / trials;
  }
  return counts;
}

type Answer = Answers[string][number];

function answerPairs(stream: RandomStream, { items, fall, flips, graded }: ItemSetting): [Answer[], Answer[]] {
  const sides: [Answer[], Answer[]] = [[], []];
  for (let item = 0; item < items; item++) {
    const scores = graded ? grades(stream, fall, flips) : rights(stream, fall, flips);
    for (const [which, score] of scores.entries()) sides[which]!.push({ id: String(item), score, output: "" });
  }
  return sides;
}

/** Lost with a probability of `fall` more than gained; the baseline is right in three of four, or always where none flips. */
function rights(stream: RandomStream, fall: number, flips: number): [number, number] {
  const draw = stream.uniform();
  if (draw < flips / 2) return [0, 1];
  if (draw < flips + fall) return [1, 0];
  const right = flips === 0 || stream.uniform() < 0.75 ? 1 : 0;
  return [right, right];
}

/** Most answers have the same grade; some move up or down by up to a half, and in the mean by what falls. */
function grades(stream: RandomStream, fall: number, flips: number): [number, number] {
  const before = 0.25 + 0.5 * stream.uniform();
  if (stream.uniform() >= flips) return [before, before - fall * 0.5];
  const shift = (stream.uniform() - 0.5) * 0.4 - (fall * (1 - 0.5 * (1 - flips))) / flips;
  return [before, before + shift];
}

export function itemTable(trials: number): Table {
  return {
    head: ["items", "margin = true fall", "false passes", "false fails", "unchanged candidate passes"],
    rows: itemSettings.map((setting) => {
      const { passes, fails, unchanged } = itemVerdicts(setting, trials);
      return [setting.name, `${100 * setting.fall} points`, percent(passes), percent(fails), percent(unchanged, 0)];
    }),
  };
}
