import Type from "typebox";
import type { OptionsOf } from "../../../harness/contract/options.js";
import type { Model, Term, TrainingSequence } from "../../engine/contract.js";
import { splitSequence } from "../../training/sequences.js";
import { cosine } from "../../training/similarity.js";
import type { RoutedRequest, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";

const options = {
  pool: Type.Integer({ minimum: 1, default: 10, description: "Prompts in the pool." }),
  length: Type.Integer({ minimum: 1, default: 5, description: "Virtual tokens of a prompt." }),
  topK: Type.Integer({ minimum: 1, default: 3, description: "Prompts before each input; at most `pool`." }),
  pull: Type.Number({ minimum: 0, default: 0.5, description: "Weight of the pull of keys to the inputs." }),
};

type PoolOptions = OptionsOf<typeof options>;

/**
 * Learning to prompt (L2P; Wang et al., arXiv 2112.08654): the model is frozen; each input is preceded by the
 * `topK` prompts of a shared pool whose keys are nearest, by cosine, to the input's embedding under the frozen model
 * (mean over the prompt's tokens). Trained are the prompts chosen, by the loss, and their keys, which are drawn to the
 * embeddings that chose them: loss + pull · mean(1 − cos(query, key)) (eq. 5). The paper's trained classifier is the
 * model's own head here, which stays frozen too. Privileges: none; no task id at test.
 */
export const l2p = defineMethod({
  name: "l2p",
  summary: "A pool of soft prompts, chosen by the input's embedding; the model is frozen, no task id at test.",
  source: "arXiv 2112.08654",
  version: 1,
  defaults: { learningRate: 0.1 },
  options,
  space: { learningRate: { low: 1e-2, high: 1, scale: "log" }, length: { values: [3, 5, 10, 20] } },
  capabilities: ["soft-prompts"],
  strategy: (chosen) => new PromptPool(chosen),
});

class PromptPool implements Strategy {
  readonly exclusive = ["adapter"] as const;
  readonly #options: PoolOptions;
  /** Embeddings of training inputs under the frozen model. */
  readonly #queries = new WeakMap<TrainingSequence, Float32Array>();
  /** What the latest batch's inputs chose. */
  #chosen: { queries: Float32Array[]; choices: number[][] } = { queries: [], choices: [] };

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

  async wrapTraining(sequences: readonly TrainingSequence[], { model }: TaskContext): Promise<TrainingSequence[]> {
    const unknown = sequences.filter((sequence) => !this.#queries.has(sequence));
    const inputs = unknown.map((sequence, i) => ({ id: `${i}`, tokens: splitSequence(sequence).prompt }));
    const embeddings = await model.embed(inputs);
    unknown.forEach((sequence, i) => {
      this.#queries.set(sequence, embeddings[i]!);
    });
    const queries = sequences.map((sequence) => this.#queries.get(sequence)!);
    const choices = await this.#choose(queries, model);
    this.#chosen = { queries, choices };
    return sequences.map(({ tokens, weights }, i) => {
      const prompt = this.#prompt(choices[i]!, model);
      return { tokens: [...prompt, ...tokens], weights: [...prompt.map(() => 0), ...weights] };
    });
  }

  terms(): Term[] {
    return [{ kind: "key-matching", ...this.#chosen, weight: this.#options.pull }];
  }

  async routeInference<R extends RoutedRequest>(requests: readonly R[], model: Model): Promise<R[]> {
    const choices = await this.#choose(await model.embed(requests), model);
    return requests.map((request, i) => ({
      ...request,
      tokens: [...this.#prompt(choices[i]!, model), ...request.tokens],
    }));
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
