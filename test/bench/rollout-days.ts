import { random } from "../../harness/contract/random.js";
import type { Arm, Observation, RolloutEvent, RolloutPolicy } from "../../harness/contract/rollout.js";
import { decide } from "../../harness/rollout/decide.js";
import { armOf } from "../../harness/rollout/split.js";
import { percentOf, Rollout } from "../../harness/rollout/state.js";

/**
 * Days of simulated rollouts, by the state, the split and the decisions of real ones, with a clock of their own: requests come
 * as a Poisson process whose rate, and whose difficulty, follow the time of day; the evidence is looked at every ten
 * seconds. For each planted regression the share that is rolled back within the declared time; for equal versions the
 * share that is rolled back at all. DAYS changes how many, SEED which.
 */
const [days, seed] = [Number(process.env.DAYS ?? 200), Number(process.env.SEED ?? 1)];
const [perSecond, look, day] = [2, 10, 86_400];

const base = { range: [0, 1] as [number, number], lowerIsBetter: false, critical: false };
const policy: RolloutPolicy = {
  ...{ steps: [5, 10, 25, 50], minimum: 200, patience: 20_000, alpha: 0.05 },
  metrics: {
    resolved: { ...base, margin: 0.03 },
    failed: { ...base, margin: 0.01, lowerIsBetter: true, critical: true },
    seconds: { ...base, margin: 0.5, range: [0, 30], lowerIsBetter: true },
  },
};

/** What a version does, on average over a day. */
interface Quality {
  resolved: number;
  failed: number;
  /** Median of a log-normal time. */
  seconds: number;
}

interface Case {
  name: string;
  candidate: Partial<Quality>;
  /** Seconds after the start at which the candidate gets worse; before, it is as good as the champion. */
  from?: number;
  /** Hours within which 95% are declared to be rolled back. */
  declared?: number;
}

const champion: Quality = { resolved: 0.8, failed: 0.01, seconds: 2 };

const cases: Case[] = [
  { name: "equal", candidate: {} },
  { name: "better by 2 points", candidate: { resolved: 0.82 } },
  { name: "resolved −5 points", candidate: { resolved: 0.75 } },
  { name: "resolved −10 points", candidate: { resolved: 0.7 }, declared: 3 },
  { name: "resolved −20 points", candidate: { resolved: 0.6 }, declared: 1.5 },
  { name: "resolved −20 points after 20 minutes", candidate: { resolved: 0.6 }, from: 1200, declared: 1.5 },
  { name: "failed 1% → 3%", candidate: { failed: 0.03 }, declared: 3 },
  { name: "failed 1% → 10%", candidate: { failed: 0.1 }, declared: 1.5 },
  { name: "seconds 2 → 4 (median)", candidate: { seconds: 4 }, declared: 1.5 },
];

/** How a rollout ended, and after how many seconds. */
function simulate({ name, candidate, from = 0 }: Case, number: number): { action: string; after: number } {
  const stream = random({ seed, stream: "days", task: name, item: number });
  const at = "";
  const first: RolloutEvent = {
    ...{ type: "started", name: "support", candidate: 2, champion: 1, policy, salt: `${seed} ${name} ${number}`, at },
    ...{ by: "a simulation", reason: "" },
  };
  const rollout = new Rollout(first);
  const begins = stream.uniform() * day;
  for (let now = 0; now < day; now += look) {
    const hour = Math.sin((2 * Math.PI * (begins + now)) / day);
    const observations: Observation[] = [];
    const expected = look * perSecond * (1 + 0.5 * hour);
    const wait = () => -Math.log(1 - stream.uniform());
    for (let arrived = wait(); arrived < expected; arrived += wait()) {
      const arm: Arm = armOf(`${stream.uniform()}`, rollout.salt, percentOf(rollout));
      const { resolved, failed, seconds } =
        arm === "candidate" && now >= from ? { ...champion, ...candidate } : champion;
      const bit = (probability: number) => (stream.uniform() < probability ? 1 : 0);
      observations.push(
        { arm, metric: "resolved", value: bit(resolved + 0.05 * hour) },
        { arm, metric: "failed", value: bit(failed) },
        { arm, metric: "seconds", value: Math.min(30, seconds * (1 + 0.2 * hour) * Math.exp(0.6 * stream.normal())) },
      );
    }
    if (observations.length > 0) rollout.follow({ type: "observed", observations, at });
    const { action } = decide(rollout);
    const decided = { at, by: "a simulation", reason: "" };
    if (action === "advance") rollout.follow({ type: "advanced", step: rollout.step + 1, ...decided });
    else if (action !== "wait") return { action, after: now + look - from };
  }
  return { action: "still open", after: day };
}

const quantile = (values: number[], share: number): string => {
  const sorted = values.sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return value === undefined ? "–" : `${(value / 3600).toFixed(2)} h`;
};

console.log(`${days} simulated rollouts each, up to 24 h, ${perSecond} requests a second on average, α 5%\n`);
console.log("| candidate | rolled back | median | 95% | declared | within it | promoted | paused or open |");
console.log("|---|---|---|---|---|---|---|---|");
for (const one of cases) {
  const ended = Array.from({ length: days }, (_, number) => simulate(one, number));
  const share = (of: (each: { action: string; after: number }) => boolean) =>
    `${((100 * ended.filter(of).length) / days).toFixed(1)}%`;
  const times = ended.flatMap(({ action, after }) => (action === "roll back" ? [after] : []));
  const within = ({ action, after }: (typeof ended)[number]) =>
    action === "roll back" && after >= 0 && after <= 3600 * one.declared!;
  console.log(
    `| ${[
      one.name,
      share(({ action }) => action === "roll back"),
      ...[quantile(times, 0.5), quantile(times, 0.95)],
      ...(one.declared === undefined ? ["–", "–"] : [`${one.declared} h`, share(within)]),
      share(({ action }) => action === "promote"),
      share(({ action }) => action === "pause" || action === "still open"),
    ].join(" | ")} |`,
  );
}
