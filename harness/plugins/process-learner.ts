import { digestOf } from "../contract/digest.js";
import { BenchError } from "../contract/errors.js";
import type {
  BufferItem,
  Decoding,
  Generation,
  GenerationRequest,
  LearnContext,
  Learner,
  LearnerContext,
  LearnerCost,
  LearnProgress,
  LearnReport,
  ScoreRequest,
  TrainingView,
} from "../contract/trainer.js";
import { PluginProcess } from "./plugin-process.js";
import type { ProtocolMethod } from "./protocol.js";

const cancelPollMilliseconds = 100;
const cancelGraceMilliseconds = 10_000;
const idleMilliseconds = 3_000;

/** A process with the learner of one cell; between `release` and the next `create` of that cell it waits, idle. */
class LearnerProcess {
  readonly plugin: PluginProcess;
  learning: LearnContext | undefined;

  constructor(trainer: string, command: readonly string[]) {
    this.plugin = new PluginProcess(command, `trainer "${trainer}"`, {
      request: async (method, parameters) => this.answer(method, parameters),
      notification: (method, parameters) => {
        const progress = method === "progress" ? progressOf(parameters) : undefined;
        if (progress !== undefined) this.learning?.progress(progress);
      },
    });
  }

  private answer(method: string, parameters: unknown): unknown {
    if (this.learning === undefined) {
      throw new BenchError("PRIVILEGE_EXCEEDED", `it asked for "${method}" while it was not learning`);
    }
    if (method === "buffer.get") return { items: this.learning.buffer.items() };
    if (method === "buffer.set") return this.learning.buffer.set((parameters as { items: BufferItem[] }).items);
    if (method === "observe") return this.learning.observe?.((parameters as { step: number }).step);
    throw new BenchError("PLUGIN_FAILED", `there is no method "${method}"`);
  }
}

/** A progress event; undefined where the plug-in sent something else. */
function progressOf(parameters: unknown): LearnProgress | undefined {
  const given = (parameters ?? {}) as Record<string, unknown>;
  const number = (key: keyof LearnProgress) => (typeof given[key] === "number" ? given[key] : undefined);
  const [step, steps] = [number("step"), number("steps")];
  if (step === undefined || steps === undefined) return undefined;
  return { step, steps, loss: number("loss"), tokensPerSecond: number("tokensPerSecond") };
}

const idle = new Map<string, { process: LearnerProcess; timer: NodeJS.Timeout }>();

/** Creates a learner in a child process, or in the one that the same cell has just left. */
export async function createProcessLearner(
  trainer: string,
  command: readonly string[],
  context: LearnerContext,
): Promise<Learner> {
  const key = digestOf({ trainer, command, context });
  const process = wake(key) ?? new LearnerProcess(trainer, command);
  try {
    const offered = await askWithCost<{ answerDigest?: boolean } | null>(process.plugin, "create", {
      trainer,
      context,
    });
    return new ProcessLearner(process, key, offered.answer?.answerDigest === true, offered.cost);
  } catch (error) {
    process.plugin.kill();
    throw error;
  }
}

function wake(key: string): LearnerProcess | undefined {
  const waiting = idle.get(key);
  if (waiting === undefined) return undefined;
  clearTimeout(waiting.timer);
  idle.delete(key);
  if (!waiting.process.plugin.alive) return undefined;
  waiting.process.plugin.hold(true);
  return waiting.process;
}

function rest(key: string, process: LearnerProcess): void {
  const timer = setTimeout(() => {
    idle.delete(key);
    void process.plugin.stop();
  }, idleMilliseconds);
  timer.unref();
  process.plugin.hold(false);
  idle.set(key, { process, timer });
}

/** Asks, and takes the cost from the answer; a learner of the protocol's first version is asked for it. */
async function askWithCost<T>(
  plugin: PluginProcess,
  method: ProtocolMethod,
  parameters: unknown,
): Promise<{ answer: T; cost: LearnerCost }> {
  const answer = await plugin.ask<T & { cost?: LearnerCost }>(method, parameters);
  return { answer, cost: answer?.cost ?? (await plugin.ask<LearnerCost>("cost")) };
}

class ProcessLearner implements Learner {
  readonly answerDigest?: () => Promise<string>;

  constructor(
    private readonly process: LearnerProcess,
    private readonly key: string,
    offersDigest: boolean,
    private lastCost: LearnerCost,
  ) {
    if (offersDigest) this.answerDigest = () => process.plugin.ask("answerDigest");
  }

  async learn(view: TrainingView, context: LearnContext): Promise<LearnReport> {
    const { plugin } = this.process;
    this.process.learning = context;
    let grace: NodeJS.Timeout | undefined;
    const poll = setInterval(() => {
      if (grace !== undefined || !context.cancelled()) return;
      plugin.notify("cancel");
      grace = setTimeout(() => plugin.kill(), cancelGraceMilliseconds);
    }, cancelPollMilliseconds);
    try {
      const { cost: _cost, ...report } = await this.ask<LearnReport & { cost?: LearnerCost }>("learn", {
        view,
        bufferCapacity: context.buffer.capacity,
        observed: context.observe !== undefined,
      });
      return report;
    } catch (error) {
      if (context.cancelled()) throw new BenchError("CANCELLED", "learning was cancelled", { cause: error });
      throw error;
    } finally {
      clearInterval(poll);
      clearTimeout(grace);
      this.process.learning = undefined;
    }
  }

  async generate(requests: GenerationRequest[], decoding: Decoding): Promise<Generation[]> {
    const given = await this.ask<Generation[] | { answers: Generation[] }>("generate", { requests, decoding });
    return oneEach(Array.isArray(given) ? given : given.answers, requests, "generate");
  }

  async score(requests: ScoreRequest[]): Promise<number[]> {
    const given = await this.ask<number[] | { scores: number[] }>("score", { requests });
    return oneEach(Array.isArray(given) ? given : given.scores, requests, "score");
  }

  async save(directory: string): Promise<void> {
    await this.process.plugin.ask("save", { directory });
  }

  async restore(directory: string): Promise<void> {
    await this.ask("restore", { directory });
  }

  async cost(): Promise<LearnerCost> {
    return this.lastCost;
  }

  async release(): Promise<void> {
    if (!this.process.plugin.alive) return;
    await this.process.plugin.ask("release");
    rest(this.key, this.process);
  }

  /** Asks, and keeps the cost after it. */
  private async ask<T>(method: ProtocolMethod, parameters: unknown): Promise<T> {
    const { answer, cost } = await askWithCost<T>(this.process.plugin, method, parameters);
    this.lastCost = cost;
    return answer;
  }
}

/** The answers, where there is one to each request. Throws PLUGIN_FAILED. */
function oneEach<T>(answers: T[], requests: readonly unknown[], method: string): T[] {
  if (answers.length === requests.length) return answers;
  throw new BenchError(
    "PLUGIN_FAILED",
    `${answers.length} answers came to ${requests.length} requests of "${method}"`,
    { fix: "Answer every request once, in the order in which they came." },
  );
}
