import { digestOf } from "../../../harness/contract/digest.js";
import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { EngineRequest, Model, Term, TrainingSequence } from "../../engine/contract.js";
import { behind, splitSequence } from "../../training/sequences.js";
import { cosine, meanEmbedding } from "../../training/similarity.js";
import { loadVectors, saveVectors } from "../../training/state.js";
import type { RoutedRequest, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";

const options = {
  pool: Type.Integer({ minimum: 1, default: 10, description: "Prompts in the pool." }),
  length: Type.Integer({ minimum: 1, default: 5, description: "Virtual tokens of a prompt." }),
  topK: Type.Integer({ minimum: 1, default: 3, description: "Prompts before each input; at most `pool`." }),
  pull: Type.Number({ minimum: 0, default: 0.5, description: "Weight of the pull of keys to the inputs." }),
  centered: Type.Boolean({
    default: true,
    description:
      "Take the mean embedding of the first task's inputs off every embedding before keys are compared with it.",
  }),
};

type PoolOptions = OptionsOf<typeof options>;

/** Inputs of the first task behind the center. */
const centeringItems = 48;

/**
 * Learning to prompt (L2P; Wang et al., arXiv 2112.08654): the model is frozen; each input is preceded by the
 * `topK` prompts of a shared pool whose keys are nearest, by cosine, to the input's embedding under the frozen model
 * (mean over the prompt's tokens). Trained are the prompts chosen, by the loss, and their keys, which are drawn to the
 * embeddings that chose them: loss + pull · mean over inputs of Σ over their keys (1 − cos(query, key)) (eq. 5).
 *
 * Unlike the authors' code: mean-pooled states of a decoder share most of their direction, in which every input would
 * choose the same keys, so that the mean of the first task's inputs is taken off (`centered`); keys have a rate of their
 * own (`componentRates`), since prompts need a far higher one; every input chooses for itself, where the code lets a batch
 * vote; the paper's trained classifier is the model's own head, which stays frozen. Privileges: none; no task id at test.
 */
export const l2p = defineMethod({
  name: "l2p",
  summary: "A pool of soft prompts, chosen by the input's embedding; the model is frozen, no task id at test.",
  source: "arXiv 2112.08654",
  version: 2,
  defaults: { learningRate: 0.1, componentRates: { prompt_keys: 0.02 } },
  options,
  space: { learningRate: { low: 1e-2, high: 1, scale: "log" }, length: { values: [3, 5, 10, 20] } },
  capabilities: ["soft-prompts"],
  effort: () => 1.3,
  strategy: (chosen) => new PromptPool(chosen),
});

class PromptPool implements Strategy {
  readonly exclusive = ["adapter"] as const;
  readonly #options: PoolOptions;
  /** Embeddings of training inputs under the frozen model. */
  readonly #queries = new WeakMap<TrainingSequence, Float32Array>();
  /** What the latest batch's inputs chose. */
  #chosen: { queries: Float32Array[]; choices: number[][] } = { queries: [], choices: [] };
  /** How often each prompt was chosen in training the task. */
  #uses: number[] = [];
  /** What is taken off every embedding, from the first task on. */
  #center: Float32Array | undefined;

  constructor(options: PoolOptions) {
    this.#options = { ...options, topK: Math.min(options.topK, options.pool) };
  }

  get reservedTokens(): number {
    return this.#options.topK * this.#options.length;
  }

  async open(model: Model, seed: number): Promise<void> {
    const { pool, length } = this.#options;
    await model.addPrompts({ virtualTokens: pool * length, keys: pool }, seed);
  }

  async beforeTask(task: TaskContext): Promise<void> {
    this.#uses = Array(this.#options.pool).fill(0);
    if (this.#options.centered) this.#center ??= await meanEmbedding(task, centeringItems);
  }

  async wrapTraining(sequences: readonly TrainingSequence[], { model }: TaskContext): Promise<TrainingSequence[]> {
    const unknown = sequences.filter((sequence) => !this.#queries.has(sequence));
    const inputs = unknown.map((sequence, i) => {
      const { answer: _, ...prompt } = splitSequence(sequence);
      return { id: `${i}`, ...prompt };
    });
    const embeddings = await this.#embed(inputs, model);
    unknown.forEach((sequence, i) => {
      this.#queries.set(sequence, embeddings[i]!);
    });
    const queries = sequences.map((sequence) => this.#queries.get(sequence)!);
    const choices = await this.#choose(queries, model);
    this.#chosen = { queries, choices };
    for (const prompt of choices.flat()) this.#uses[prompt]!++;
    return sequences.map((sequence, i) => behind(this.#prompt(choices[i]!, model), sequence));
  }

  terms(): Term[] {
    return [{ kind: "key-matching", ...this.#chosen, weight: this.#options.pull * this.#options.topK }];
  }

  async afterTask({ note }: TaskContext): Promise<void> {
    const used = this.#uses.map((uses, prompt) => ({ uses, prompt })).filter(({ uses }) => uses > 0);
    used.sort((a, b) => b.uses - a.uses || a.prompt - b.prompt);
    const all = used.reduce((sum, { uses }) => sum + uses, 0);
    note(
      "prompts in use (exponential of the entropy)",
      Math.exp(-used.reduce((sum, { uses }) => sum + (uses / all) * Math.log(uses / all), 0)),
    );
    note(
      "prompts chosen most",
      used
        .slice(0, this.#options.topK)
        .map(({ prompt }) => prompt)
        .join(" "),
    );
  }

  async routeInference<R extends RoutedRequest>(requests: readonly R[], model: Model): Promise<R[]> {
    const choices = await this.#choose(await this.#embed(requests, model), model);
    return requests.map((request, i) => ({
      ...request,
      tokens: [...this.#prompt(choices[i]!, model), ...request.tokens],
    }));
  }

  async answerDigest(): Promise<string> {
    return digestOf(this.#center ? [...this.#center] : null);
  }

  async save(directory: string): Promise<void> {
    saveVectors(directory, "center", this.#center ? { center: this.#center } : {});
  }

  async restore(directory: string): Promise<void> {
    this.#center = loadVectors(directory, "center").center;
  }

  async #embed(requests: readonly EngineRequest[], model: Model): Promise<Float32Array[]> {
    const embeddings = await model.embed(requests);
    const center = this.#center;
    return center ? embeddings.map((row) => row.map((value, i) => value - center[i]!)) : embeddings;
  }

  /** For each query the prompts of the nearest keys, nearest first. */
  async #choose(queries: readonly Float32Array[], model: Model): Promise<number[][]> {
    const keys = await model.promptKeys();
    return queries.map((query) => {
      const similarities = keys.map((key) => cosine(query, key));
      const ranked = keys.map((_, key) => key).sort((a, b) => similarities[b]! - similarities[a]! || a - b);
      return ranked.slice(0, this.#options.topK);
    });
  }

  #prompt(choice: readonly number[], model: Model): number[] {
    const { length } = this.#options;
    return choice.flatMap((prompt) => Array.from({ length }, (_, i) => model.firstVirtualToken + prompt * length + i));
  }
}
