import type { OptionsOf } from "../../../harness/contract/options.js";
import { nullable } from "../../../harness/contract/options.js";
import { random } from "../../../harness/contract/random.js";
import type { BufferItem } from "../../../harness/contract/trainer.js";
import { Type } from "../../../harness/contract/type.js";
import type { Attention, EngineRequest, Logits, Term, TrainingSequence, Vector } from "../../engine/contract.js";
import { concatenateLogits } from "../../engine/parts.js";
import { balance } from "../../training/balance.js";
import { newRatioOption, pastSources } from "../../training/rehearsal.js";
import { memoriesOfTasks } from "../../training/selection/memories.js";
import { loadJson, saveJson } from "../../training/state.js";
import { packAttention, unpackAttention } from "../../training/stored-attention.js";
import { packLogits, unpackLogits } from "../../training/stored-logits.js";
import type { Source, StepContext, Strategy, TaskContext, TrainingItem } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { rateRange } from "../ranges.js";
import { attentionChange, chooseHeads, ofHeads, taskImportance } from "./head-importance.js";

const options = {
  share: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.1,
    description: "Share of each task's training data that the buffer keeps, as far as it has room.",
  }),
  bufferSize: Type.Integer({
    minimum: 1,
    default: 4000,
    description: "Most items in the buffer. When they do not fit, the tasks with most give way.",
  }),
  newRatio: newRatioOption,
  pastSteps: Type.Enum(["alone", "mixed"], {
    default: "alone",
    description: "Whether past items make steps of their own, as in the authors' code, or share steps with new ones.",
  }),
  alpha: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.5,
    description: "Share of the stored logits, as distributions, in the loss on past items; the labels have the rest.",
  }),
  lambda: Type.Number({ minimum: 0, default: 1000, description: "Weight of the distillation of attention." }),
  layers: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.75,
    description: "Share of the layers that heads are chosen from.",
  }),
  heads: Type.Number({
    exclusiveMinimum: 0,
    maximum: 1,
    default: 0.125,
    description: "Share of all heads of the model whose attention is distilled.",
  }),
  queries: nullable(
    Type.Integer({
      minimum: 1,
      default: 100,
      description: "Tokens of an item whose attention is kept, drawn at random; null for all.",
    }),
  ),
};

type SeekrOptions = OptionsOf<typeof options>;

const past = "past";

/**
 * SEEKR (He et al., arXiv 2411.06171), as the authors' code defines it: replay in which, besides labels and logits, the
 * attention of important heads is distilled from the model that an item's task ended with. The loss on past items is
 * (1 − alpha) · nll + alpha · KL of the stored logits' distributions + lambda · KL of the stored attention, a mean over
 * layers of means over heads and queries; an item of the past counts in a step as much as a new one.
 * - A head's importance is the sum over tasks of forgettability × task sensitivity, on the items that are kept: how far its
 *   attention moved over the task (squared distance), and the squared gradient of the loss by its probabilities, as a share
 *   of its layer's.
 * - Of the `layers` with the largest sums the `heads` with the largest importance are kept: 24 of 32 and 128 of 1024 in the
 *   authors' defaults.
 *
 * The authors take the gradient for places behind the query too, which no token attends to; here these are left out. In a
 * step that past items share with new ones (`mixed`) a large lambda weighs on what is learned of these, too, through clipping
 * and AdamW. The attention of an item takes four bytes a head, query and token, which the buffer's bytes count.
 * Privileges: a buffer of `bufferSize` items of past tasks, with payloads of any size.
 */
export const seekr = defineMethod({
  name: "seekr",
  summary: "Rehearses past items with labels, stored logits and the stored attention of heads that matter and move.",
  source: "arXiv 2411.06171",
  version: 2,
  options,
  space: { lambda: { low: 10, high: 10000, scale: "log" }, learningRate: rateRange },
  capabilities: ["logits", "attention"],
  vectors: () => 1,
  effort: () => 1.3,
  // the logits of any vocabulary, the attention of any text
  needs: ({ bufferSize }) => ({ pastData: { buffer: bufferSize, payloadBytes: Number.MAX_SAFE_INTEGER } }),
  strategy: (chosen) => new Seekr(chosen),
});

class Seekr implements Strategy {
  readonly usesOwnBatches = true;
  readonly exclusive = ["buffer"] as const;
  readonly #options: SeekrOptions;
  /** Of each head, over all tasks so far; none before the first. */
  #importance: number[][] = [];
  #before: Vector | undefined;
  #payloads = new Map<unknown, string>();

  constructor(options: SeekrOptions) {
    this.#options = options;
  }

  async beforeTask({ buffer, model }: TaskContext): Promise<void> {
    this.#payloads = new Map(buffer.items().map(({ example, payload }) => [example, payload!]));
    this.#before = await model.snapshot();
  }

  mixture(task: TaskContext): Source[] {
    const { newRatio, pastSteps } = this.#options;
    const own = { name: past, separateLoss: true, wholeSteps: pastSteps === "alone" };
    return pastSources(task, newRatio).map((source) => ({ ...source, ...own }));
  }

  terms(step: StepContext): Term[] {
    const items = step.separate[past] ?? [];
    if (items.length === 0) return [];
    const stored = items.map(({ example }) => unpack(this.#payloads.get(example)!));
    const batch = items.map((item) => step.sequence(item));
    const weight = step.batch.length > 0 ? items.length / step.batch.length : 1;
    return pastTerms(batch, stored, weight, this.#options);
  }

  async afterTask(task: TaskContext): Promise<void> {
    const { share, bufferSize, layers, heads } = this.#options;
    const held = task.buffer.items();
    const items = await memoriesOfTasks(task, "random", { share });
    const kept = balance([...held, ...items], bufferSize);
    const stay = new Set(kept);
    const fresh = items
      .filter((own) => stay.has(own))
      .map(({ example, taskId }): TrainingItem => ({ example, task: task.task(taskId) }));
    this.#importance = await this.#importanceAfter(task, fresh);
    await task.model.free(this.#before!);
    const chosen = chooseHeads(this.#importance, layers, heads);
    const payloads = new Map<unknown, string>();
    for (const item of fresh) {
      task.checkCancelled();
      const logits = await task.model.logits([task.sequence(item)]);
      // Computed again: which heads are kept is known only now, and those of all items take 1 / heads times the buffer's room.
      const [attention] = await task.model.attention([this.#request(task, item)]);
      payloads.set(item.example, `${packLogits(logits)} ${packAttention(ofHeads(attention!, chosen))}`);
    }
    const withPayload = (own: BufferItem) => ({ ...own, payload: payloads.get(own.example) ?? own.payload });
    task.buffer.set(kept.map(withPayload));
    task.note("items in the buffer", kept.length);
    task.note("heads distilled", chosen.map(({ layer, head }) => `${layer}.${head}`).join(" "));
  }

  async save(directory: string): Promise<void> {
    saveJson(directory, "heads", { importance: this.#importance });
  }

  async restore(directory: string): Promise<void> {
    this.#importance = loadJson<{ importance: number[][] }>(directory, "heads").importance;
  }

  /** The importance of the heads, with what this task adds. */
  async #importanceAfter(task: TaskContext, items: readonly TrainingItem[]): Promise<number[][]> {
    if (items.length === 0) return this.#importance;
    const { model } = task;
    let change = new Float64Array();
    for (const item of items) {
      task.checkCancelled();
      const request = this.#request(task, item);
      const [now, before] = (await model.attention([request, { ...request, weights: this.#before! }])) as [
        Attention,
        Attention,
      ];
      const own = attentionChange(before, now);
      change = own.map((value, head) => (change[head] ?? 0) + value / items.length);
    }
    const sensitivity = await model.headSensitivity(items.map((item) => task.sequence(item)));
    const added = taskImportance(change, sensitivity);
    return added.map((own, layer) => own.map((value, head) => (this.#importance[layer]?.[head] ?? 0) + value));
  }

  /** An item as far as it enters in training, with the tokens whose attention is kept. */
  #request(task: TaskContext, item: TrainingItem): EngineRequest & { queries: number[] } {
    const { tokens, weights, images } = task.sequence(item);
    const entering = tokens.slice(
      0,
      weights.findLastIndex((weight) => weight > 0),
    );
    const places = [...entering.keys()];
    const { id } = item.example;
    const draw = random({ seed: task.seed, stream: "seekr-queries", task: item.task!.id, item: id });
    const { queries } = this.#options;
    const chosen = queries === null ? places : draw.sample(places, Math.min(queries, places.length));
    return { id, tokens: entering, images, queries: chosen.sort((a, b) => a - b) };
  }
}

/** What an item's task ended with. */
interface Stored {
  logits: Logits;
  attention: Attention;
}

/** The loss on past items, one `stored` each, times `weight`; without terms that weigh nothing. */
export function pastTerms(
  batch: readonly TrainingSequence[],
  stored: readonly Stored[],
  weight: number,
  { alpha, lambda }: Pick<SeekrOptions, "alpha" | "lambda">,
): Term[] {
  const logits = concatenateLogits(stored.map((own) => own.logits));
  const attention = stored.map((own) => own.attention);
  const terms: Term[] = [
    { kind: "language-modeling", batch, weight: weight * (1 - alpha) },
    { kind: "distillation", batch, teacher: logits, temperature: 1, weight: weight * alpha },
    { kind: "attention-distillation", batch, teacher: attention, weight: weight * lambda },
  ];
  return terms.filter((term) => term.weight > 0);
}

function unpack(payload: string): Stored {
  const space = payload.indexOf(" ");
  return { logits: unpackLogits(payload.slice(0, space)), attention: unpackAttention(payload.slice(space + 1)) };
}
