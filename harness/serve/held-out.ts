import { random } from "../contract/random.js";
import type { Arm, Observation } from "../contract/rollout.js";
import type { Rollout } from "../rollout/state.js";
import { answerTexts } from "./api.js";
import type { CallServices } from "./calls.js";

/** A question whose right answer is known. */
export interface HeldOutItem {
  /** The metric of a policy that it is an observation of, such as `task.science`. */
  metric: string;
  /** What a fall of its set is watched as on a deployed version; undefined where it is not. */
  kind?: "task" | "ability" | "safety";
  /** Unique among those of the metric. */
  id: string;
  prompt: string;
  maxNewTokens: number;
  stop?: string[];
  /** Within 0 and 1. */
  score(answer: string): number;
}

/** What is asked of candidate and champion besides what users ask. */
export interface HeldOutSettings {
  items: readonly HeldOutItem[];
  /** Items of each metric that are asked in a round. */
  each: number;
}

/**
 * Puts held-out items of every task to candidate and champion alike: what a candidate forgot shows before its users see
 * it. Each item is an observation of a rollout once; their order is a shuffle keyed by the rollout.
 */
export class HeldOutProbes {
  constructor(
    private readonly settings: HeldOutSettings,
    private readonly services: CallServices,
  ) {}

  /** Asks the next items of each metric that the policy names. Resolves when their scores are on the disk. */
  async round(rollout: Rollout): Promise<void> {
    for (const metric of Object.keys(rollout.policy.metrics)) {
      for (const item of this.#next(rollout, metric)) await this.#ask(rollout, item);
    }
  }

  #next(rollout: Rollout, metric: string): HeldOutItem[] {
    const all = this.settings.items.filter((item) => item.metric === metric);
    const shuffled = random({ seed: 0, stream: "held-out", task: metric, item: rollout.salt }).shuffle(all);
    const open = shuffled.filter((item) => !rollout.knows({ metric, request: requestOf("candidate", item) }));
    return open.slice(0, this.settings.each);
  }

  async #ask(rollout: Rollout, item: HeldOutItem): Promise<void> {
    const { name, salt } = rollout;
    const scored: Observation[] = [];
    for (const arm of ["champion", "candidate"] as const) {
      const value = await askHeldOut(item, name, rollout[arm], this.services);
      scored.push({ arm, metric: item.metric, value, request: requestOf(arm, item) });
    }
    // both or none: a pair is about the same item
    await Promise.all(scored.map((observation) => this.services.observations.add(name, { of: salt, observation })));
  }
}

const requestOf = (arm: Arm, { id }: HeldOutItem): string => `probe ${arm} ${id}`;

/** The score of a version's answer to an item. Rejects where it does not answer. */
export async function askHeldOut(
  { id, prompt, maxNewTokens, stop, score }: HeldOutItem,
  name: string,
  version: number,
  { versions, timeoutSeconds }: Pick<CallServices, "versions" | "timeoutSeconds">,
): Promise<number> {
  const backend = await versions.get(name, version);
  const messages = [{ role: "user", content: prompt }];
  const { status, body } = await backend.answer({
    path: "chat/completions",
    body: { model: name, messages, max_tokens: maxNewTokens, temperature: 0, stop },
    ...{ id: `probe-${id}`, model: name, signal: AbortSignal.timeout(1000 * timeoutSeconds) },
  });
  if (status !== 200 || typeof body !== "string") throw new Error(`${name}@${version} answered ${id} with ${status}`);
  const [text] = answerTexts(body) ?? [];
  return score(typeof text === "string" ? text : "");
}
