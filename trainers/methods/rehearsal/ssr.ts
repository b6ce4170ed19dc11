import type { BufferItem, TaskData } from "../../../harness/contract/trainer.js";
import type { Vector } from "../../engine/contract.js";
import type { Instance } from "../../training/blocks.js";
import { embedderOption } from "../../training/embeddings/open-embedder.js";
import { newRatioOption, pastSources } from "../../training/rehearsal.js";
import type { Strategy, TaskContext } from "../../training/strategy.js";
import { makeSyntheticSet, type SynthesisOptions } from "../../training/synthesis/synthetic-set.js";
import type { Method } from "../method.js";
import { rateRange } from "../ranges.js";

interface SsrOptions extends SynthesisOptions {
  newRatio: number | null;
}

/**
 * Self-synthesized rehearsal (Huang et al., 2403.01244). After each task the base model writes new instances of it
 * from a few demonstrations, the latest model answers them again, and a diverse choice of them is rehearsed from the
 * next task on. The set of a task is made once and kept. Options: items, demonstrations, shots, draws, share, select,
 * clusters, order, refine, temperature, topP, repetitionPenalty, embedder, newRatio. Privileges: synthetic data, from
 * `items` real items of each task, which are looked at while the task is learned and not kept; with
 * `demonstrations: none`, no real item at all.
 *
 * Beside the paper: generation stops where the answer would begin, as the latest model's replaces it, so that a draw
 * yields one instance; the published sampling (top-p 0.6, temperature 0.9, penalty 1.2) is that of a model of 7 B
 * parameters, and the penalty keeps a tiny one from repeating what every instance of a task shares.
 */
export const ssr: Method = {
  name: "ssr",
  summary: "Rehearses instances of earlier tasks that the base model wrote and the latest model answered.",
  source: "Huang et al., arXiv 2403.01244",
  version: 1,
  options: {
    items: {
      type: "integer",
      minimum: 1,
      default: 20,
      description: "Real items of a task that serve as demonstrations (the paper: 1%, 20 items).",
    },
    demonstrations: {
      enum: ["real", "none"],
      default: "real",
      description:
        "none: no real item is looked at; what the base model writes behind a bare 'Input:' serves as demonstrations.",
    },
    shots: { type: "integer", minimum: 1, default: 2, description: "Demonstrations before each new instance." },
    draws: {
      type: "number",
      minimum: 1,
      default: 3,
      description: "Draws for each instance that is kept (the paper: 1,140 for 200).",
    },
    share: {
      type: "number",
      exclusiveMinimum: 0,
      default: 0.1,
      description: "Synthetic items of a task, as a share of its training items.",
    },
    select: {
      enum: ["k-means", "random", "perplexity"],
      default: "k-means",
      description:
        "k-means: nearest to the centroids of the embeddings, by cluster size; perplexity: least surprising to the latest model.",
    },
    clusters: { type: "integer", minimum: 1, default: 20, description: "Clusters of k-means." },
    order: {
      enum: ["refine-then-select", "select-then-refine"],
      default: "refine-then-select",
      description: "As published: select by input and answer; as in the released code: select by input, then answer.",
    },
    refine: {
      type: "boolean",
      default: true,
      description: "Whether the latest model answers anew; else the base model's own answer stays.",
    },
    temperature: { type: "number", minimum: 0, default: 0.6, description: "Of the base model's sampling." },
    topP: { type: "number", exclusiveMinimum: 0, maximum: 1, default: 1, description: "Nucleus of its sampling." },
    repetitionPenalty: { type: "number", minimum: 1, default: 1, description: "Penalty on tokens that occurred." },
    embedder: embedderOption,
    newRatio: newRatioOption,
  },
  space: { temperature: { low: 0.2, high: 1, scale: "linear" }, draws: { values: [1, 3, 6] }, learningRate: rateRange },
  needs(options) {
    const { items, demonstrations } = options as unknown as SsrOptions;
    return { pastData: demonstrations === "none" ? "synthetic" : { synthetic: { demonstrations: items } } };
  },
  strategy: (options) => ssrStrategy(options as unknown as SsrOptions),
};

function ssrStrategy(options: SsrOptions): Strategy {
  let base: Vector | undefined;
  return {
    name: "ssr",
    exclusive: ["buffer"],
    usesOwnBatches: true,
    async open(model) {
      base = await model.snapshot();
    },
    mixture: (task) => pastSources(task, options.newRatio),
    async afterTask(task) {
      for (const data of task.view.tasks) {
        const instances = await makeSyntheticSet(task, data, base!, options);
        task.buffer.set([...task.buffer.items(), ...itemsOf(data, instances)]);
      }
      noteSize(task);
    },
  };
}

function itemsOf({ task }: TaskData, instances: readonly Instance[]): BufferItem[] {
  return instances.map(({ input, output }, index) => ({
    taskId: task.id,
    example: { id: `${task.id}/synthetic/${index}`, input: [{ type: "text", text: input }], references: [output] },
  }));
}

function noteSize(task: TaskContext): void {
  task.note("synthetic items in the buffer", task.buffer.items().length);
}
