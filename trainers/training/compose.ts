import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../harness/contract/digest.js";
import { BenchError } from "../../harness/contract/errors.js";
import { checkStrategy } from "./check-strategy.js";
import type { ExclusiveResource, NamedStrategy, ReadQuestion, Strategy } from "./strategy.js";

const whyNotWrapped =
  "one feeds the model its own sequences, which would lack the prompts that the other puts before each";
const whyNotShared =
  "with one every task trains its own parameters, and the other keeps values of them from task to task";
const whyExclusive: Record<ExclusiveResource, string> = {
  adapter: "a model carries one adapter",
  averaging: "what a task leaves is averaged by one rule",
  buffer: "the rehearsal buffer has one content, and each would overwrite the other's",
  constraint: "a gradient is projected by one constraint",
  proximal: "an update is followed by one proximal pull",
};

/**
 * Several strategies as one, in the order given; in `open` and `beforeTask`, the one that adds the adapter comes first,
 * since it determines which parameters are trained.
 *
 * @throws CONFIG_INVALID, with the reason, when two of them contradict each other; PLUGIN_INVALID on an unknown hook.
 */
export function composeStrategies(parts: readonly NamedStrategy[]): Strategy {
  parts.forEach((part, index) => {
    checkStrategy(part);
    for (const other of parts.slice(0, index)) checkPair(other, part);
  });
  const strategies = parts.map(({ strategy }) => strategy);
  const adapterFirst = adaptersFirst(strategies);
  const inOrder = async (call: (strategy: Strategy) => Promise<void> | undefined, order = strategies) => {
    for (const strategy of order) await call(strategy);
  };
  /** Each strategy changes what the one before it made of a value. */
  const passedOn = async <T>(value: T, change: (strategy: Strategy, value: T) => Promise<T> | undefined) => {
    let current = value;
    for (const strategy of strategies) current = (await change(strategy, current)) ?? current;
    return current;
  };
  return {
    rateFactor: strategies.reduce((product, strategy) => product * (strategy.rateFactor ?? 1), 1),
    parameters: ["perTask" as const, "shared" as const].find((kind) =>
      strategies.some(({ parameters }) => parameters === kind),
    ),
    get reservedTokens() {
      return strategies.reduce((sum, strategy) => sum + (strategy.reservedTokens ?? 0), 0);
    },
    ownLoss: strategies.every(({ ownLoss }) => ownLoss !== false),
    open: (model, seed, tasks, chat) => inOrder((strategy) => strategy.open?.(model, seed, tasks, chat), adapterFirst),
    prepareData: (view, context) => passedOn(view, (strategy, prepared) => strategy.prepareData?.(prepared, context)),
    beforeTask: (task) => inOrder((strategy) => strategy.beforeTask?.(task), adapterFirst),
    mixture: (task) => strategies.flatMap((strategy) => strategy.mixture?.(task) ?? []),
    wrapTraining: (sequences, task) =>
      passedOn([...sequences], (strategy, wrapped) => strategy.wrapTraining?.(wrapped, task)),
    beforeStep: (step) => inOrder((strategy) => strategy.beforeStep?.(step)),
    terms: (step) => strategies.flatMap((strategy) => strategy.terms?.(step) ?? []),
    componentRates: (step) => Object.assign({}, ...strategies.map((strategy) => strategy.componentRates?.(step))),
    proximal: (step) => strategies.find((strategy) => strategy.proximal)?.proximal?.(step),
    constraint: async (step, rates) => strategies.find((strategy) => strategy.constraint)?.constraint?.(step, rates),
    readsGradient: strategies.some((strategy) => strategy.readsGradient),
    afterStep: (step, report) => inOrder((strategy) => strategy.afterStep?.(step, report)),
    afterTask: (task) => inOrder((strategy) => strategy.afterTask?.(task)),
    readQuestions: (questions, answerTokens, fits) =>
      passedOn<ReadQuestion[]>([...questions], (strategy, read) => strategy.readQuestions?.(read, answerTokens, fits)),
    routeInference: (requests, model) =>
      passedOn([...requests], (strategy, routed) => strategy.routeInference?.(routed, model)),
    addedParameters: () => strategies.reduce((sum, strategy) => sum + (strategy.addedParameters?.() ?? 0), 0),
    answerDigest: async () => {
      const digests: string[] = [];
      for (const strategy of strategies) {
        const digest = await strategy.answerDigest?.();
        if (digest !== undefined) digests.push(digest);
      }
      return digests.length > 0 ? digestOf(digests) : "";
    },
    save: async (directory, model) => {
      for (const { name, strategy } of parts) {
        if (!strategy.save) continue;
        const own = join(directory, name);
        mkdirSync(own, { recursive: true });
        await strategy.save(own, model);
      }
    },
    restore: async (directory, model) => {
      for (const { name, strategy } of parts) await strategy.restore?.(join(directory, name), model);
    },
  };
}

function adaptersFirst(strategies: readonly Strategy[]): Strategy[] {
  const adapts = ({ exclusive }: Strategy) => (exclusive?.includes("adapter") ? 1 : 0);
  return [...strategies].sort((a, b) => adapts(b) - adapts(a));
}

function checkPair(a: NamedStrategy, b: NamedStrategy): void {
  const [first, second] = [a.strategy, b.strategy];
  if (a.name === b.name) throw contradiction(a, b, "it is named twice");
  const resource = first.exclusive?.find((one) => second.exclusive?.includes(one));
  if (resource) throw contradiction(a, b, whyExclusive[resource]);
  for (const [one, other] of [
    [first, second],
    [second, first],
  ] as const) {
    if (one.parameters === "perTask" && other.parameters === "shared") throw contradiction(a, b, whyNotShared);
    if (one.usesOwnBatches && other.wrapTraining) throw contradiction(a, b, whyNotWrapped);
  }
  const reason = whyRefused(a, b) ?? whyRefused(b, a);
  if (reason) throw contradiction(a, b, reason);
}

/** Why the first refuses the second, by its name or by a resource that it uses. */
function whyRefused({ strategy }: NamedStrategy, other: NamedStrategy): string | undefined {
  const names = [other.name, ...(other.strategy.exclusive ?? [])];
  return names.map((name) => strategy.conflicts?.[name]).find((reason) => reason !== undefined);
}

function contradiction(first: NamedStrategy, second: NamedStrategy, reason: string): BenchError {
  return new BenchError("CONFIG_INVALID", `"${first.name}" and "${second.name}" do not compose: ${reason}.`, {
    fix: "Leave one of them out.",
  });
}
