import { random } from "../../harness/contract/random.js";
import type { Arm, RolloutMetric } from "../../harness/contract/rollout.js";
import { Scales } from "../../harness/rollout/evidence.js";

const [simulations, candidates, bound] = [200, 3000, 20];

/** Probability of a good answer of the champion and of the candidate, the candidate's share of the requests, rule. */
const cases: [string, Record<Arm, number>, number, Partial<RolloutMetric>][] = [
  ["equal", { champion: 0.8, candidate: 0.8 }, 0.2, {}],
  ["equal, critical", { champion: 0.98, candidate: 0.98 }, 0.2, { critical: true, margin: 0.01 }],
  ["worse by the margin of 3 points", { champion: 0.8, candidate: 0.77 }, 0.2, {}],
  ["worse by 5 points", { champion: 0.8, candidate: 0.75 }, 0.2, {}],
  ["worse by 10 points", { champion: 0.8, candidate: 0.7 }, 0.2, {}],
  ["worse by 20 points", { champion: 0.8, candidate: 0.6 }, 0.2, {}],
  ["critical, worse by 3 points", { champion: 0.98, candidate: 0.95 }, 0.2, { critical: true, margin: 0.01 }],
  ["critical, worse by 8 points", { champion: 0.98, candidate: 0.9 }, 0.2, { critical: true, margin: 0.01 }],
];

/** Which bet is won first, looked at after every request, and after how many observations of the candidate. */
function simulate(seed: number, right: Record<Arm, number>, share: number, rule: RolloutMetric) {
  const stream = random({ seed, stream: "rollout" });
  const scales = new Scales(rule);
  for (let after = 0; after < candidates; ) {
    const arm: Arm = stream.uniform() < share ? "candidate" : "champion";
    scales.add({ arm, value: stream.uniform() < right[arm] ? 1 : 0 });
    if (arm === "candidate") after += 1;
    const { worse, notWorse } = scales.evidence;
    if (worse >= bound) return { outcome: "worse", after } as const;
    if (notWorse >= bound) return { outcome: "notWorse", after } as const;
  }
  return { outcome: "undecided", after: candidates } as const;
}

const median = (values: number[]): string => {
  const sorted = values.sort((a, b) => a - b);
  return sorted.length === 0 ? "–" : String(sorted[sorted.length >> 1]);
};

console.log(`${simulations} simulated rollouts each, up to ${candidates} observations of the candidate, α 5%\n`);
console.log("| candidate | rolled back | after (median) | passes | after (median) |\n|---|---|---|---|---|");
for (const [name, right, share, special] of cases) {
  const rule: RolloutMetric = { margin: 0.03, range: [0, 1], lowerIsBetter: false, critical: false, ...special };
  const all = Array.from({ length: simulations }, (_, seed) => simulate(seed, right, share, rule));
  const column = (which: "worse" | "notWorse") => {
    const found = all.flatMap(({ outcome, after }) => (outcome === which ? [after] : []));
    return `${((100 * found.length) / simulations).toFixed(1)}% | ${median(found)}`;
  };
  console.log(`| ${name} | ${column("worse")} | ${column("notWorse")} |`);
}
