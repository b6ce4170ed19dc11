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
    const offered = await process.plugin.ask<{ answerDigest?: boolean } | null>("create", { trainer, context });
    const learner = new ProcessLearner(process, key, offered?.answerDigest === true);
    await learner.refreshCost();
    return learner;
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

class ProcessLearner implements Learner {
  private lastCost!: LearnerCost;
  readonly answerDigest?: () => Promise<string>;

  constructor(
    private readonly process: LearnerProcess,
    private readonly key: string,
    offersDigest: boolean,
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
      const report = await plugin.ask<LearnReport>("learn", {
        view,
        bufferCapacity: context.buffer.capacity,
        observed: context.observe !== undefined,
      });
      await this.refreshCost();
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
    const answers = await this.process.plugin.ask<Generation[]>("generate", { requests, decoding });
    return this.oneEach(answers, requests, "generate");
  }

  async score(requests: ScoreRequest[]): Promise<number[]> {
    return this.oneEach(await this.process.plugin.ask<number[]>("score", { requests }), requests, "score");
  }

  async save(directory: string): Promise<void> {
    await this.process.plugin.ask("save", { directory });
  }

  async restore(directory: string): Promise<void> {
    await this.process.plugin.ask("restore", { directory });
    await this.refreshCost();
  }

  async cost(): Promise<LearnerCost> {
    return this.lastCost;
  }

  /** The contract's `cost` answers at once, so it is asked for whenever it may have changed. */
  async refreshCost(): Promise<void> {
    this.lastCost = await this.process.plugin.ask<LearnerCost>("cost");
  }

  async release(): Promise<void> {
    if (!this.process.plugin.alive) return;
    await this.process.plugin.ask("release");
    rest(this.key, this.process);
  }

  private async oneEach<T>(answers: T[], requests: readonly unknown[], method: string): Promise<T[]> {
    if (answers.length !== requests.length) {
      throw new BenchError(
        "PLUGIN_FAILED",
        `${answers.length} answers came to ${requests.length} requests of "${method}"`,
        {
          fix: "Answer every request once, in the order in which they came.",
        },
      );
    }
    await this.refreshCost();
    return answers;
  }
}
