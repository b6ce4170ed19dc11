import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { observeRequests, statusOf } from "../../harness/app/rollout.js";
import type { Observation } from "../../harness/contract/rollout.js";
import { RolloutLog } from "../../harness/rollout/rollout-log.js";

/**
 * What it costs `bench serve` to write observations of a rollout whose log is long already, and to say what its evidence is:
 * milliseconds a write of 10 observations and a status, after as many observations. OBSERVATIONS changes how many.
 */
const most = Number(process.env.OBSERVATIONS ?? 100_000);
const registry = mkdtempSync(join(tmpdir(), "bench-observations-"));
const at = new Date().toISOString();
const log = new RolloutLog(registry, "support");
await log.begin(() => ({
  ...{ type: "started", name: "support", candidate: 2, champion: 1, salt: "salt", at, by: "a measurement", reason: "" },
  policy: {
    ...{ steps: [10], minimum: most, patience: most, alpha: 0.05 },
    metrics: { resolved: { margin: 0.05, range: [0, 1], lowerIsBetter: false, critical: false } },
  },
}));

const observation = (index: number): Observation => ({
  ...{ arm: index % 10 === 0 ? "candidate" : "champion", metric: "resolved", value: (index * 7919) % 2 },
  request: `bench~support~1~csalt~${index.toString(36).padStart(12, "0")}~0123456789012345678901`,
});

const median = (times: number[]): string => times.sort((a, b) => a - b)[times.length >> 1]!.toFixed(2);

async function timed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

let written = 0;
const next = (count: number) =>
  Array.from({ length: count }, () => ({ of: "salt", observation: observation(written++) }));
console.log("| observations in the log | a write of 10, ms | a status, ms |\n|---|---|---|");
for (const size of [1000, 10_000, 100_000].filter((each) => each <= most)) {
  while (written < size) {
    const observations = next(Math.min(1000, size - written)).map((each) => each.observation);
    await log.append(() => [{ type: "observed", observations, at }]);
  }
  const writes: number[] = [];
  const statuses: number[] = [];
  for (let turn = 0; turn < 15; turn++) {
    writes.push(await timed(() => observeRequests(log, next(10))));
    statuses.push(await timed(() => statusOf(log.read())));
  }
  console.log(`| ${size.toLocaleString("en-US")} | ${median(writes)} | ${median(statuses)} |`);
}
rmSync(registry, { recursive: true, force: true });
