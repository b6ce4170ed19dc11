import { defaultAlerts } from "../../../harness/contract/alert.js";
import { random } from "../../../harness/contract/random.js";
import type { HeldOutItem } from "../../../harness/serve/held-out.js";
import { Retention } from "../../../harness/serve/monitor/retention.js";

/** A deployed version that answers at random, and how it is watched. */
export interface SimulatedVersion {
  /** How often it answers right, of each task, at a look. */
  right(task: number, look: number): number;
  looks: number;
  seed: number;
  /** The error of all looks, as that of the settings. */
  noise?: (look: number) => number;
}

const [tasks, itemsEach, asked] = [4, 40, 10];

const items: HeldOutItem[] = Array.from({ length: tasks * itemsEach }, (_, index) => ({
  ...{ metric: `task.${index % tasks}`, kind: "task", id: `${index}` },
  ...{ prompt: "", maxNewTokens: 1, score: () => 0 },
}));

/** The first look that raises an alert about a version, with those items of four tasks that it answered first; null where none does. */
export async function firstAlert({ right, looks, seed, noise }: SimulatedVersion): Promise<number | null> {
  const retention = new Retention({ items, each: asked });
  const first = new Map<string, number>();
  const { uniform } = random({ seed, stream: "watched" });
  for (let look = 1; look <= looks; look++) {
    await retention.ask(async ({ metric }) => (uniform() < right(Number(metric.slice(5)), look) ? 1 : 0));
    for (const [item, score] of retention.scores) if (!first.has(item)) first.set(item, score);
    const references = [{ against: "its first answers", scores: first }];
    const settings = { ...defaultAlerts, ...(noise !== undefined && { noise: noise(look) }) };
    const changes = retention.changes(references, look, settings);
    if (changes.some(({ severity }) => severity !== undefined)) return look;
  }
  return null;
}
