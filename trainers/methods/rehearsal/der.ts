import type { OptionsOf } from "../../../harness/contract/options.js";
import type { BufferItem } from "../../../harness/contract/trainer.js";
import { Type } from "../../../harness/contract/type.js";
import type { Term } from "../../engine/contract.js";
import { concatenateLogits } from "../../engine/parts.js";
import { pastSources } from "../../training/rehearsal.js";
import { reservoirSlot } from "../../training/selection/reservoir.js";
import { portion } from "../../training/shares.js";
import { loadJson, saveJson } from "../../training/state.js";
import { packLogits, unpackLogits } from "../../training/stored-logits.js";
import type { Source, StepContext, Strategy, TaskContext, TrainingItem } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  alpha: Type.Number({ minimum: 0, default: 0.5, description: "Weight of matching stored logits." }),
  beta: Type.Number({ minimum: 0, default: 0.5, description: "Weight of the past items' own loss." }),
  bufferSize: Type.Integer({
    minimum: 1,
    default: 500,
    description: "Items in the reservoir, with their logits.",
  }),
  newRatio: Type.Number({
    exclusiveMinimum: 0,
    exclusiveMaximum: 1,
    default: 1 / 3,
    description: "Share of new items among those of a step, from the second task on; the two draws halve the rest.",
  }),
};

type DerOptions = OptionsOf<typeof options>;

const matched = "matched";
const labeled = "labeled";

/**
 * Dark experience replay++ (Buzzega et al., arXiv 2004.07211): a reservoir of past items with the logits that the model
 * gave when it met them; loss + alpha · mean (logit − stored logit)² + beta · loss on past items, the two draws apart. A
 * task's items meet the reservoir when they are first trained on, and are rehearsed from the next task on. The stored
 * logits take four bytes a token of the answer and entry of the vocabulary, which the buffer's bytes count.
 * Privileges: a buffer of `bufferSize` items of past tasks, with payloads of any size.
 */
export const der = defineMethod({
  name: "der++",
  summary: "Rehearses past items with their labels and with the logits that the model gave when it met them.",
  source: "arXiv 2004.07211",
  version: 1,
  options,
  space: {
    alpha: { low: 0.1, high: 2, scale: "log" },
    beta: { low: 0.1, high: 2, scale: "log" },
    learningRate: rateRange,
  },
  capabilities: ["logits"],
  // the logits of any vocabulary
  needs: ({ bufferSize }) => ({ pastData: { buffer: bufferSize, payloadBytes: Number.MAX_SAFE_INTEGER } }),
  strategy: (chosen) => new DarkExperienceReplay(chosen),
});

class DarkExperienceReplay implements Strategy {
  readonly usesOwnBatches = true;
  readonly exclusive = ["buffer"] as const;
  readonly #options: DerOptions;
  /** Items that the reservoir has met, over all tasks. */
  #met = 0;
  #metNow = new Set<string>();
  #reservoir: BufferItem[] = [];
  #payloads = new Map<unknown, string>();

  constructor(options: DerOptions) {
    this.#options = options;
  }

  async beforeTask({ buffer }: TaskContext): Promise<void> {
    this.#reservoir = [...buffer.items()];
    this.#payloads = new Map(this.#reservoir.map(({ example, payload }) => [example, payload!]));
    this.#metNow = new Set();
  }

  mixture(task: TaskContext): Source[] {
    return pastSources(task, this.#options.newRatio).flatMap((past) =>
      [matched, labeled].map((name) => ({ ...past, name, share: portion(past.share, 1, 2), separateLoss: true })),
    );
  }

  /** New items that the reservoir takes keep the logits of this moment. */
  async beforeStep(step: StepContext): Promise<void> {
    const taken = step.items.flatMap((item) => {
      if (this.#metNow.has(item.example.id)) return [];
      this.#metNow.add(item.example.id);
      const index = reservoirSlot(this.#met++, this.#options.bufferSize, step.seed);
      return index === undefined ? [] : [{ item, index }];
    });
    for (const { item, index } of taken) {
      const logits = await step.model.logits([step.sequence(item)]);
      this.#reservoir[index] = { taskId: item.task!.id, example: item.example, payload: packLogits(logits) };
    }
  }

  terms(step: StepContext): Term[] {
    const { alpha, beta } = this.#options;
    const sequences = (items: readonly TrainingItem[] = []) => items.map((item) => step.sequence(item));
    const terms: Term[] = [];
    const dark = step.separate[matched] ?? [];
    if (dark.length > 0) {
      const target = concatenateLogits(dark.map(({ example }) => unpackLogits(this.#payloads.get(example)!)));
      terms.push({ kind: "logit-matching", batch: sequences(dark), target, weight: alpha });
    }
    const batch = sequences(step.separate[labeled]);
    if (batch.length > 0) terms.push({ kind: "language-modeling", batch, weight: beta });
    return terms;
  }

  async afterTask(task: TaskContext): Promise<void> {
    task.buffer.set(this.#reservoir);
    task.note("items in the buffer", this.#reservoir.length);
  }

  async save(directory: string): Promise<void> {
    saveJson(directory, "stream", { met: this.#met });
  }

  async restore(directory: string): Promise<void> {
    this.#met = loadJson<{ met: number }>(directory, "stream").met;
  }
}
