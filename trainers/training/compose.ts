import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../harness/contract/digest.js";
import { BenchError } from "../../harness/contract/errors.js";
import type { Claim, Strategy } from "./strategy.js";

const whyNotFed =
  "one feeds the model sequences of its own, which would lack the prompts that the other puts before each";
const whyNotHeld =
  "with one every task trains parameters of its own, and the other holds values of them from task to task";
const whyOnlyOne: Record<Claim, string> = {
  adapter: "a model carries one adapter",
  averaging: "what a task leaves is averaged by one rule",
  buffer: "the rehearsal buffer has one content, and each would overwrite the other's",
  constraint: "a gradient is projected by one constraint",
  proximal: "an update is followed by one proximal pull",
};

/**
 * Several strategies as one, in the order given; in `open` and `beforeTask`, the one that holds the adapter comes first,
 * since it settles which parameters there are to be trained.
 *
 * @throws CONFIG_INVALID, with the reason, when two of them contradict each other.
 */
export function composeStrategies(strategies: readonly Strategy[]): Strategy {
  strategies.forEach((strategy, index) => {
    for (const other of strategies.slice(0, index)) checkPair(other, strategy);
  });
  const settled = adaptersFirst(strategies);
  const inTurn = async (call: (strategy: Strategy) => Promise<void> | undefined, order = strategies) => {
    for (const strategy of order) await call(strategy);
  };
  return {
    name: strategies.map((strategy) => strategy.name).join("+"),
    rateFactor: strategies.reduce((product, strategy) => product * (strategy.rateFactor ?? 1), 1),
    parameters: ["renewed" as const, "held" as const].find((kind) =>
      strategies.some(({ parameters }) => parameters === kind),
    ),
    get reserved() {
      return strategies.reduce((sum, strategy) => sum + (strategy.reserved ?? 0), 0);
    },
    open: (model, seed, tasks) => {
      for (const strategy of settled) strategy.open?.(model, seed, tasks);
    },
    beforeTask: (task) => inTurn((strategy) => strategy.beforeTask?.(task), settled),
    mixture: (task) => strategies.flatMap((strategy) => strategy.mixture?.(task) ?? []),
    present: async (sequences, task) => {
      let presented = [...sequences];
      for (const strategy of strategies) presented = (await strategy.present?.(presented, task)) ?? presented;
      return presented;
    },
    beforeStep: (step) => inTurn((strategy) => strategy.beforeStep?.(step)),
    terms: (step) => strategies.flatMap((strategy) => strategy.terms?.(step) ?? []),
    proximal: (step) => strategies.find((strategy) => strategy.proximal)?.proximal?.(step),
    constraint: async (step) => strategies.find((strategy) => strategy.constraint)?.constraint?.(step),
    readsGradient: strategies.some((strategy) => strategy.readsGradient),
    afterStep: (step, report) => inTurn((strategy) => strategy.afterStep?.(step, report)),
    afterTask: (task) => inTurn((strategy) => strategy.afterTask?.(task)),
    address: async (requests, model) => {
      let addressed = [...requests];
      for (const strategy of strategies) addressed = (await strategy.address?.(addressed, model)) ?? addressed;
      return addressed;
    },
    addedParameters: () => strategies.reduce((sum, strategy) => sum + (strategy.addedParameters?.() ?? 0), 0),
    answerDigest: () => {
      const digests = strategies.flatMap((strategy) => strategy.answerDigest?.() ?? []);
      return digests.length > 0 ? digestOf(digests) : "";
    },
    save: (directory, model) =>
      inTurn((strategy) => {
        if (!strategy.save) return undefined;
        const own = join(directory, strategy.name);
        mkdirSync(own, { recursive: true });
        return strategy.save(own, model);
      }),
    restore: (directory, model) => inTurn((strategy) => strategy.restore?.(join(directory, strategy.name), model)),
  };
}

function adaptersFirst(strategies: readonly Strategy[]): Strategy[] {
  const adapts = ({ claims }: Strategy) => (claims?.includes("adapter") ? 1 : 0);
  return [...strategies].sort((a, b) => adapts(b) - adapts(a));
}

function checkPair(first: Strategy, second: Strategy): void {
  if (first.name === second.name) throw contradiction(first, second, "it is named twice");
  const claim = first.claims?.find((held) => second.claims?.includes(held));
  if (claim) throw contradiction(first, second, whyOnlyOne[claim]);
  for (const [one, other] of [
    [first, second],
    [second, first],
  ] as const) {
    if (one.parameters === "renewed" && other.parameters === "held") {
      throw contradiction(first, second, whyNotHeld);
    }
    if (one.feeds && other.present) throw contradiction(first, second, whyNotFed);
  }
  const reason = first.conflicts?.[second.name] ?? second.conflicts?.[first.name];
  if (reason) throw contradiction(first, second, reason);
}

function contradiction(first: Strategy, second: Strategy, reason: string): BenchError {
  return new BenchError("CONFIG_INVALID", `"${first.name}" and "${second.name}" do not compose: ${reason}.`, {
    fix: "Leave one of them out.",
  });
}
