import { BenchError } from "../contract/errors.js";
import type { Confinement, Isolation } from "../contract/isolation.js";
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
import { StagedImages } from "./isolation/images.js";
import type { PluginProgram } from "./isolation/launch.js";
import { transfer } from "./isolation/workspace.js";
import { PluginProcess } from "./plugin-process.js";
import type { ProtocolMethod } from "./protocol.js";

const cancelPollMilliseconds = 100;
const cancelGraceMilliseconds = 10_000;

/** A process with one learner, from `create` to `release`: what it keeps beyond them is what it saved. */
class LearnerProcess {
  readonly plugin: PluginProcess;
  learning: LearnContext | undefined;
  private readonly images: StagedImages | undefined;

  constructor(trainer: string, program: PluginProgram, confinement: Confinement, context: LearnerContext) {
    this.plugin = new PluginProcess(program, {
      whose: `trainer "${trainer}"`,
      confinement,
      context,
      handlers: {
        request: async (method, parameters) => this.staged(this.answer(method, parameters)),
        notification: (method, parameters) => {
          const progress = method === "progress" ? progressOf(parameters) : undefined;
          if (progress !== undefined) this.learning?.progress(progress);
        },
      },
    });
    if (this.plugin.isolation !== "none") this.images = new StagedImages(this.plugin.workspace.root);
  }

  /** A message to the plug-in, with images where it can read them. */
  staged<T>(message: T): T {
    return this.images === undefined ? message : this.images.staged(message);
  }

  private answer(method: string, parameters: unknown): unknown {
    if (this.learning === undefined) {
      throw new BenchError("PRIVILEGE_EXCEEDED", `it asked for "${method}" while it was not learning`, {
        fix: "Ask for it before the answer to `learn` is sent.",
      });
    }
    if (method === "buffer.get") return { items: this.learning.buffer.items() };
    if (method === "buffer.set") {
      const { items } = parameters as { items: BufferItem[] };
      return this.learning.buffer.set(this.images === undefined ? items : this.images.original(items));
    }
    if (method === "observe") return this.learning.observe?.((parameters as { step: number }).step);
    throw new BenchError("PLUGIN_FAILED", `there is no method "${method}"`, {
      fix: "A learner may ask for buffer.get, buffer.set and observe.",
    });
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

/**
 * Creates a learner in a child process of its own, which `release` ends.
 *
 * @throws ISOLATION_UNAVAILABLE; PLUGIN_FAILED, or the plug-in's own coded error.
 */
export async function createProcessLearner(
  trainer: string,
  program: PluginProgram,
  context: LearnerContext,
  confinement: Confinement,
): Promise<Learner> {
  const process = new LearnerProcess(trainer, program, confinement, context);
  try {
    const offered = await askWithCost<{ answerDigest?: boolean } | null>(process.plugin, "create", {
      trainer,
      context,
    });
    return new ProcessLearner(process, offered.answer?.answerDigest === true, offered.cost);
  } catch (error) {
    process.plugin.kill();
    throw error;
  }
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
  readonly isolation: Isolation;
  readonly elsewhere = true;

  constructor(
    private readonly process: LearnerProcess,
    offersDigest: boolean,
    private lastCost: LearnerCost,
  ) {
    this.isolation = process.plugin.isolation;
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
        view: this.process.staged(view),
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
    const given = await this.ask<Generation[] | { answers: Generation[] }>("generate", {
      requests: this.process.staged(requests),
      decoding,
    });
    return oneEach(Array.isArray(given) ? given : given.answers, requests, "generate");
  }

  async score(requests: ScoreRequest[]): Promise<number[]> {
    const given = await this.ask<number[] | { scores: number[] }>("score", { requests: this.process.staged(requests) });
    return oneEach(Array.isArray(given) ? given : given.scores, requests, "score");
  }

  async save(directory: string): Promise<void> {
    const { plugin } = this.process;
    const own = plugin.workspace.empty("saved");
    await plugin.ask("save", { directory: own });
    transfer(own, directory, "move");
  }

  async restore(directory: string): Promise<void> {
    const own = this.process.plugin.workspace.empty("restored");
    transfer(directory, own, "copy");
    await this.ask("restore", { directory: own });
  }

  async cost(): Promise<LearnerCost> {
    return this.lastCost;
  }

  async release(): Promise<void> {
    const { plugin } = this.process;
    try {
      if (plugin.alive) await plugin.ask("release");
    } finally {
      await plugin.stop();
    }
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
