import { Bench } from "tinybench";
import type { CostRecord } from "../../contract/result.js";
import { threadSeconds } from "../../contract/thread-seconds.js";
import type { Decoding, GenerationRequest, Learner, LearnerCost } from "../../contract/trainer.js";
import { callPlugin, invalidOutput, isCount } from "./guard.js";

/** What one piece of work took. Unknown is null, never 0. */
export interface ResourceUsage {
  seconds: number;
  cpuSeconds: number | null;
  trainedTokens: number | null;
  generatedTokens: number | null;
  flops: number | null;
}

/**
 * Runs work of a learner and says what it took: the difference of the learner's own counters, and time.
 *
 * @param onThread whether models compute on this thread alone: the time of others, and of other processes, is not known.
 */
export async function meter<T>(
  learner: Learner,
  onThread: boolean,
  work: () => Promise<T>,
): Promise<{ result: T; usage: ResourceUsage }> {
  const before = await costOf(learner);
  const processor = () => (onThread && learner.elsewhere !== true ? threadSeconds() : null);
  const [started, cpu] = [performance.now(), processor()];
  const result = await work();
  const seconds = (performance.now() - started) / 1000;
  const cpuSeconds = minus(processor(), cpu);
  const after = await costOf(learner);
  return {
    result,
    usage: {
      seconds,
      cpuSeconds,
      trainedTokens: spent(before, after, "trainedTokens"),
      generatedTokens: spent(before, after, "generatedTokens"),
      flops: spent(before, after, "flops"),
    },
  };
}

/** What a learner has used so far. Throws PLUGIN_FAILED for what is no amount: negative, not finite, or a part of one. */
export async function costOf(learner: Learner): Promise<LearnerCost> {
  const given: Partial<LearnerCost> = (await callPlugin("the trainer's cost", () => learner.cost())) ?? {};
  const amount = (key: keyof LearnerCost): number | null => {
    const value = given[key] ?? null;
    if (value === null || (key === "flops" ? Number.isFinite(value) && value >= 0 : isCount(value))) return value;
    throw invalidOutput(`cost has ${String(value)} ${key}`, "Give a whole number from 0, or null where it is unknown.");
  };
  return {
    trainedTokens: amount("trainedTokens"),
    generatedTokens: amount("generatedTokens"),
    flops: amount("flops"),
    trainableParameters: amount("trainableParameters"),
    addedParameters: amount("addedParameters"),
    tensorBytes: amount("tensorBytes"),
  };
}

/** What was used between two states of a counter, which only grows. */
function spent(before: LearnerCost, after: LearnerCost, key: keyof LearnerCost): number | null {
  const [from, to] = [before[key], after[key]];
  if (from === null || to === null) return null;
  if (to >= from) return to - from;
  throw invalidOutput(
    `cost fell from ${from} to ${to} ${key}`,
    "Count all that was used since the learner was created.",
  );
}

export const noUsage: ResourceUsage = { seconds: 0, cpuSeconds: 0, trainedTokens: 0, generatedTokens: 0, flops: 0 };

/** The sum of usages; a part that is unknown in one of them is unknown in the sum. */
export function addUsage(usages: readonly ResourceUsage[]): ResourceUsage {
  return usages.reduce(
    (sum, usage) => ({
      seconds: sum.seconds + usage.seconds,
      cpuSeconds: plus(sum.cpuSeconds, usage.cpuSeconds),
      trainedTokens: plus(sum.trainedTokens, usage.trainedTokens),
      generatedTokens: plus(sum.generatedTokens, usage.generatedTokens),
      flops: plus(sum.flops, usage.flops),
    }),
    noUsage,
  );
}

/** What is left of an usage without a part of it. */
export function subtractUsage(whole: ResourceUsage, part: ResourceUsage): ResourceUsage {
  return {
    seconds: whole.seconds - part.seconds,
    cpuSeconds: minus(whole.cpuSeconds, part.cpuSeconds),
    trainedTokens: minus(whole.trainedTokens, part.trainedTokens),
    generatedTokens: minus(whole.generatedTokens, part.generatedTokens),
    flops: minus(whole.flops, part.flops),
  };
}

/** The larger of two sizes, either of which may be unknown. */
export function larger(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

/** The current size of a learner, for the maximum over a cell's life. */
export type Footprint = Pick<LearnerCost, "trainableParameters" | "addedParameters" | "tensorBytes">;

export function footprintOf(cost: LearnerCost): Footprint {
  const { trainableParameters, addedParameters, tensorBytes } = cost;
  return { trainableParameters, addedParameters, tensorBytes };
}

export function largerFootprint(a: Footprint, b: Footprint): Footprint {
  return {
    trainableParameters: larger(a.trainableParameters, b.trainableParameters),
    addedParameters: larger(a.addedParameters, b.addedParameters),
    tensorBytes: larger(a.tensorBytes, b.tensorBytes),
  };
}

/** Without it, a learner that answers in microseconds spends the whole time on thousands of answers. */
const mostLatencySamples = 200;

/**
 * The time of one answer, alone, by tinybench: p50 and p99 in milliseconds over as many answers to the same question as
 * fit in a time, from 1 to 200. Asked once before, so that what a learner prepares for a new question is not counted.
 */
export async function measureLatency(
  learner: Learner,
  request: GenerationRequest,
  decoding: Decoding,
  milliseconds: number,
): Promise<CostRecord["latency"]> {
  const enough = new AbortController();
  let answers = 0;
  const bench = new Bench({
    time: milliseconds,
    iterations: 1,
    warmupIterations: 1,
    warmupTime: 0,
    throws: true,
    signal: enough.signal,
  });
  bench.add("answer", async () => {
    await learner.generate([request], decoding);
    if (answers++ === mostLatencySamples) enough.abort(); // the first one warms up
  });
  const [task] = await bench.run();
  const result = task!.result;
  if (!("latency" in result)) return null;
  const { p50, p99, samplesCount } = result.latency;
  return { p50, p99, samples: samplesCount };
}

const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b);
const plus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a + b);
