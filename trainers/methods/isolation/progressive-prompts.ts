import { join } from "node:path";
import { digestOf } from "../../../harness/contract/digest.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, TrainingSequence, Vector } from "../../engine/contract.js";
import { behind } from "../../training/sequences.js";
import { loadJson, saveJson } from "../../training/state.js";
import type { RoutedRequest, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";

/**
 * Progressive prompts (Razdaibiedina et al., arXiv 2301.12314): the model is frozen; every task gets a soft prompt
 * P_k of `length` virtual tokens, prepended to those of earlier tasks: [P_k … P_1, x]. Only P_k
 * is trained. At test the question's task id selects the prompts; where its task has none yet, none do.
 * (The paper's optional reparametrization of P_k by a residual network is left out.) Privileges: the task's id at test.
 */
export const progressivePrompts = defineMethod({
  name: "progressive-prompts",
  summary: "A soft prompt for each task before the frozen ones of earlier tasks; the model is frozen.",
  source: "arXiv 2301.12314",
  version: 2,
  defaults: { learningRate: 0.3 },
  options: {
    length: Type.Integer({ minimum: 1, default: 10, description: "Virtual tokens of each task's prompt." }),
  },
  space: { learningRate: { low: 1e-2, high: 1, scale: "log" }, length: { values: [5, 10, 20, 40] } },
  capabilities: ["soft-prompts", "constraints"],
  needs: () => ({ taskIdAtTest: true }),
  strategy: ({ length }) => new ProgressivePrompts(length),
});

class ProgressivePrompts implements Strategy {
  readonly exclusive = ["adapter", "constraint"] as const;
  readonly #length: number;
  #tasks = 0;
  /** Tasks that have a prompt, in the order in which they were learned. */
  #learned: string[] = [];
  #mask: Vector | undefined;

  constructor(length: number) {
    this.#length = length;
  }

  get reservedTokens(): number {
    return this.#length * this.#tasks;
  }

  async open(model: Model, seed: number, tasks: number): Promise<void> {
    this.#tasks = tasks;
    await model.addPrompts({ virtualTokens: this.#length * tasks, keys: 0 }, seed);
  }

  async beforeTask({ model, view }: TaskContext): Promise<void> {
    this.#learned.push(view.tasks.map(({ task }) => task.id).join("+"));
    const { length } = await model.trainable();
    const width = length / this.reservedTokens;
    const start = this.#firstRow(this.#learned.length - 1) * width;
    const mask = new Float32Array(length).fill(0);
    this.#mask = await model.write(mask.fill(1, start, start + this.#length * width));
  }

  async wrapTraining(sequences: readonly TrainingSequence[], { model }: TaskContext): Promise<TrainingSequence[]> {
    const prompt = this.#prompt(model, this.#learned.length - 1);
    return sequences.map((sequence) => behind(prompt, sequence));
  }

  async constraint() {
    return { kind: "mask" as const, mask: this.#mask! };
  }

  async afterTask({ model }: TaskContext): Promise<void> {
    await model.free(this.#mask!);
  }

  async routeInference<R extends RoutedRequest>(requests: readonly R[], model: Model): Promise<R[]> {
    return requests.map((request) => {
      const index = this.#learned.indexOf(request.taskId ?? "");
      return index < 0 ? request : { ...request, tokens: [...this.#prompt(model, index), ...request.tokens] };
    });
  }

  async answerDigest(): Promise<string> {
    return digestOf(this.#learned);
  }

  /** Saves the state, and each task's prompts as an adapter for PEFT. */
  async save(directory: string, model: Model): Promise<void> {
    saveJson(directory, "tasks", this.#learned);
    for (const index of this.#learned.keys()) {
      await model.savePrompts(
        join(directory, "peft", `${index + 1}`),
        this.#firstRow(index),
        this.#length * (index + 1),
      );
    }
  }

  async restore(directory: string): Promise<void> {
    this.#learned = loadJson<string[]>(directory, "tasks");
  }

  /** The latest task's prompt comes first, so that the prompts of a task are contiguous rows. */
  #firstRow(index: number): number {
    return (this.#tasks - 1 - index) * this.#length;
  }

  #prompt(model: Model, index: number): number[] {
    const start = this.#firstRow(index);
    return Array.from({ length: this.#length * (index + 1) }, (_, row) => model.firstVirtualToken + start + row);
  }
}
