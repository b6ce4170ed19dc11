import { digestOf } from "../../harness/contract/digest.js";
import type { LearnContext, LearnerContext, LearnReport, TrainingView } from "../../harness/contract/trainer.js";
import type { Model } from "../engine/contract.js";
import { openModel } from "../engine/open.js";
import { ModelLearner, noteInto } from "../training/model-learner.js";
import type { PromptOptions } from "../training/options.js";
import type { Question, ReadQuestion } from "../training/strategy.js";
import type { Memory } from "./memory.js";

/** The base model as it is, with a memory. */
export class MemoryLearner extends ModelLearner {
  readonly #memory: Memory;

  static async open(context: LearnerContext<PromptOptions>, memory: Memory): Promise<MemoryLearner> {
    const model = await openModel(context);
    await memory.open(model, context.seed, context.tasks.length, context.chat ?? false);
    return new MemoryLearner(model, context, memory);
  }

  private constructor(model: Model, { options, chat }: LearnerContext<PromptOptions>, memory: Memory) {
    super(model, options.maxTokens, chat);
    this.#memory = memory;
  }

  async learn({ tasks }: TrainingView, { buffer }: LearnContext): Promise<LearnReport> {
    const notes: LearnReport["notes"] = {};
    await this.#memory.remember(tasks, { buffer, note: noteInto(notes) });
    return { steps: 0, finalLoss: null, curve: [], notes };
  }

  override async save(directory: string): Promise<void> {
    await super.save(directory);
    await this.#memory.save(directory);
  }

  override async restore(directory: string): Promise<void> {
    await this.#memory.restore(directory);
    await super.restore(directory);
  }

  override async answerDigest(): Promise<string> {
    const [base, memory] = [await super.answerDigest(), await this.#memory.answerDigest()];
    return memory === "" ? base : digestOf({ base, memory });
  }

  protected override read(questions: readonly Question[], answerTokens: number): Promise<ReadQuestion[]> {
    return this.#memory.readQuestions(questions, answerTokens, this.fits);
  }
}
