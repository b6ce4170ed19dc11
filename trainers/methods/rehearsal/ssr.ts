import type { OptionsOf } from "../../../harness/contract/options.js";
import type { BufferItem, TaskData } from "../../../harness/contract/trainer.js";
import type { Vector } from "../../engine/contract.js";
import type { Instance } from "../../training/blocks.js";
import { newRatioOption, pastSources } from "../../training/rehearsal.js";
import type { Strategy, TaskContext } from "../../training/strategy.js";
import { synthesisOptions } from "../../training/synthesis/options.js";
import { makeSyntheticSet } from "../../training/synthesis/synthetic-set.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";

const options = { ...synthesisOptions, newRatio: newRatioOption };

type SsrOptions = OptionsOf<typeof options>;

/**
 * Self-synthesized rehearsal (Huang et al., 2403.01244). After each task the base model writes new instances of it
 * from a few demonstrations, the latest model answers them again, and a diverse choice of them is rehearsed from the
 * next task on. The set of a task is made once and kept. Options: items, demonstrations, shots, draws, share, select,
 * clusters, order, refine, temperature, topP, repetitionPenalty, embedder, newRatio. Privileges: synthetic data, from
 * `items` real items of each task, which are looked at while the task is learned and not kept; with
 * `demonstrations: none`, no real item at all.
 *
 * A model of vision and language writes text alone: items with images are never demonstrations, and for a task of nothing
 * else the base model writes text behind a bare "Input:", whose rehearsal protects its language ("SSR on text").
 *
 * Deviations from the paper: generation stops where the answer would begin, as the latest model's replaces it, so that a draw
 * yields one instance; the published sampling (top-p 0.6, temperature 0.9, penalty 1.2) is that of a model of 7 B
 * parameters, and the penalty keeps a tiny one from repeating what every instance of a task shares.
 */
export const ssr = defineMethod({
  name: "ssr",
  summary: "Rehearses instances of earlier tasks that the base model wrote and the latest model answered.",
  source: "Huang et al., arXiv 2403.01244",
  version: 1,
  options,
  space: { temperature: { low: 0.2, high: 1, scale: "linear" }, draws: { values: [1, 3, 6] }, learningRate: rateRange },
  needs(options) {
    const { items, demonstrations } = options;
    return { pastData: demonstrations === "none" ? "synthetic" : { synthetic: { demonstrations: items } } };
  },
  vectors: () => 1,
  strategy: ssrStrategy,
});

function ssrStrategy(options: SsrOptions): Strategy {
  let base: Vector | undefined;
  return {
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
