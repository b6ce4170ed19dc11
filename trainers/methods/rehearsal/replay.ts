import type { OptionsOf } from "../../../harness/contract/options.js";
import { nullable } from "../../../harness/contract/options.js";
import type { BufferItem } from "../../../harness/contract/trainer.js";
import { Type } from "../../../harness/contract/type.js";
import { balance } from "../../training/balance.js";
import { newRatioOption, pastSources } from "../../training/rehearsal.js";
import { memoriesOfTasks } from "../../training/selection/memories.js";
import { reservoirSlot } from "../../training/selection/reservoir.js";
import { drawsOf } from "../../training/selection/sampling.js";
import { portion } from "../../training/shares.js";
import { loadJson, saveJson } from "../../training/state.js";
import type { Source, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = {
  share: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.1,
    description: "Share of each task's training data that the buffer keeps, as far as it has room; not of a reservoir.",
  }),
  items: nullable(
    Type.Integer({
      minimum: 1,
      default: null,
      description: "Training items of each task that the buffer keeps, in place of a share; not of a reservoir.",
    }),
  ),
  bufferSize: Type.Integer({
    minimum: 1,
    default: 4000,
    description: "Most items in the buffer. When they do not fit, the tasks with most give way.",
  }),
  select: Type.Enum(["random", "balanced", "k-means", "reservoir"], {
    default: "random",
    description:
      "Which items are kept: a random share, balanced over answers, the most representative, or a reservoir.",
  }),
  sampling: Type.Enum(["uniform", "loss", "novelty", "gradient-norm", "representative"], {
    default: "uniform",
    description: "Which of them are drawn more often, judged by the model before a task.",
  }),
  newRatio: newRatioOption,
  generalItems: Type.Integer({
    minimum: 0,
    default: 0,
    description: "Items of general ability rehearsed from the first task on.",
  }),
  generalShare: Type.Number({
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0.1,
    description: "Their share of every batch; the rest is divided as without them.",
  }),
};

type ReplayOptions = OptionsOf<typeof options>;

/**
 * Experience replay ("Replay" in TRACE, arXiv 2310.06762): after each task a share of its training data goes into the
 * buffer, and later batches mix new items with the buffer's.
 * - What is kept (`select`): a random share; one balanced over the classes of the answers; the nearest to the centroids
 *   of the inputs' embeddings (the K-means baseline of SSR, arXiv 2403.01244); or, with `reservoir`, `bufferSize` items
 *   of all training data so far, each with equal probability (Vitter, 1985).
 * - What is drawn of it (`sampling`): see `drawsOf`.
 * `generalItems` rehearses general ability, which replay of tasks alone does not protect. Privileges: a buffer of
 * `bufferSize` items of past tasks; `generalItems` items of general ability.
 */
export const replay = defineMethod({
  name: "replay",
  default: true,
  summary: "Mixes a buffer with a random 10% of each earlier task's data into the new task's batches.",
  source: "arXiv 2310.06762, Replay",
  version: 1,
  options,
  space: { newRatio: { values: [null, 0.2, 0.5, 0.8] }, learningRate: rateRange },
  needs(options) {
    const { bufferSize, generalItems } = options;
    return { pastData: { buffer: bufferSize }, generalItems };
  },
  strategy: (chosen) => new Replay(chosen),
});

class Replay implements Strategy {
  readonly exclusive = ["buffer"] as const;
  readonly usesOwnBatches: boolean;
  readonly #options: ReplayOptions;
  /** Training items so far, the stream of which a reservoir is a sample. */
  #seen = 0;
  #past: Source[] = [];

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.usesOwnBatches = options.sampling === "gradient-norm" || options.sampling === "loss";
  }

  async beforeTask(task: TaskContext): Promise<void> {
    this.#past = [];
    for (const source of pastSources(task, this.#options.newRatio)) {
      this.#past.push({ ...source, ...(await drawsOf(task, source.items, this.#options.sampling)) });
    }
  }

  mixture({ view }: TaskContext): Source[] {
    const share = view.generalItems.length > 0 ? this.#options.generalShare : 0;
    const items = view.generalItems.map((example) => ({ example, task: undefined }));
    const general = { name: `general of ${view.index}`, kind: "general", items, share };
    return [general, ...this.#past.map((past) => ({ ...past, share: portion(past.share, 1 - share, 1) }))];
  }

  async afterTask(task: TaskContext): Promise<void> {
    const kept = await this.#kept(task);
    task.buffer.set(kept);
    task.note("items in the buffer", kept.length);
  }

  async save(directory: string): Promise<void> {
    if (this.#options.select === "reservoir") saveJson(directory, "stream", { seen: this.#seen });
  }

  async restore(directory: string): Promise<void> {
    if (this.#options.select === "reservoir") this.#seen = loadJson<{ seen: number }>(directory, "stream").seen;
  }

  async #kept(task: TaskContext): Promise<BufferItem[]> {
    const { select, share, items, bufferSize } = this.#options;
    const held = task.buffer.items();
    if (select === "reservoir") {
      const stream = task.view.tasks.flatMap(({ task: { id }, train }) =>
        train.map((example) => ({ taskId: id, example })),
      );
      const kept = [...held];
      for (const item of stream) {
        const index = reservoirSlot(this.#seen++, bufferSize, task.seed);
        if (index !== undefined) kept[index] = item;
      }
      return kept;
    }
    return balance([...held, ...(await memoriesOfTasks(task, select, { share, items }))], bufferSize);
  }
}
