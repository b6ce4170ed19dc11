import { join } from "node:path";
import { digestOf, sha256 } from "../../../harness/contract/digest.js";
import type { OptionsOf } from "../../../harness/contract/options.js";
import { Type } from "../../../harness/contract/type.js";
import type { Model, Vector } from "../../engine/contract.js";
import { inputEmbeddings } from "../../training/similarity.js";
import type { RoutedRequest, Strategy, TaskContext } from "../../training/strategy.js";
import { defineMethod } from "../method.js";
import { loraOptions } from "./adapter-options.js";
import { NearestCentroid } from "./nearest-centroid.js";

const options = {
  ...loraOptions,
  items: Type.Integer({ minimum: 1, default: 48, description: "Training inputs behind each task's centroid." }),
};

type PerTaskOptions = OptionsOf<typeof options>;

/**
 * A mixture of task adapters: each task trains its own LoRA adapter (Hu et al., arXiv 2106.09685) from the base, and
 * each question is answered by the adapter of the task whose inputs it resembles most: the nearest centroid of mean-pooled
 * states of the base model (class means on a frozen model, as in Zhou et al., arXiv 2303.07338). The router sees a
 * question's features, never a task's id. While a task is learned, its adapter is one of those to choose from.
 *
 * No paper has this method as it is: 2303.07338 classifies by cosine to the means, and routes nothing; here distances are
 * scaled by each dimension's variance within tasks. Options: those of lora, and items. Parameters grow with the tasks.
 * Privileges: none.
 */
export const loraPerTask = defineMethod({
  name: "lora-per-task",
  summary: "Trains a low-rank adapter for each task and routes each question to one by its similarity to their inputs.",
  source: "arXiv 2106.09685; router as arXiv 2303.07338",
  version: 1,
  defaults: { learningRate: 2e-3 },
  options,
  space: { learningRate: { low: 5e-4, high: 1e-2, scale: "log" }, rank: { values: [4, 8, 16] } },
  capabilities: ["adapters"],
  strategy: (chosen) => new LoraPerTask(chosen),
});

class LoraPerTask implements Strategy {
  readonly exclusive = ["adapter"] as const;
  readonly parameters = "perTask";
  readonly conflicts = { lwf: "every task starts from the base, which would be the teacher" };
  readonly #options: PerTaskOptions;
  #model: Model | undefined;
  /** An adapter that changes nothing: with it the model is the base. */
  #fresh: Vector | undefined;
  /** The adapters of all tasks but the latest, whose adapter is the model's own. */
  readonly #earlier: Vector[] = [];
  /** Knows every task so far. */
  readonly #router = new NearestCentroid();

  constructor(options: PerTaskOptions) {
    this.#options = options;
  }

  async open(model: Model, seed: number): Promise<void> {
    const { rank, alpha, dropout, targetModules } = this.#options;
    await model.adapt({ rank, alpha, dropout, targetModules }, seed);
    this.#model = model;
    this.#fresh = await model.snapshot();
  }

  async beforeTask(task: TaskContext): Promise<void> {
    if (this.#router.size > 0) this.#earlier.push(await task.model.snapshot());
    await task.model.restore(this.#fresh!);
    this.#router.add(await inputEmbeddings(task, this.#options.items));
  }

  async afterTask(task: TaskContext): Promise<void> {
    const own = task.view.tasks.flatMap((data) => data.validation.map((example) => ({ example, task: data.task })));
    const questions = own.map((item) => task.request(item));
    const routed = await this.#route(questions, task.model);
    const right = routed.filter((choice) => choice === this.#earlier.length).length;
    if (own.length > 0) task.note("validation questions routed to this task's adapter", right / own.length);
  }

  async routeInference<R extends RoutedRequest>(requests: readonly R[], model: Model): Promise<R[]> {
    if (this.#earlier.length === 0) return [...requests];
    const routed = await this.#route(requests, model);
    return requests.map((request, i) => ({ ...request, weights: this.#earlier[routed[i]!] ?? request.weights }));
  }

  addedParameters(): number {
    return this.#earlier.reduce((sum, { length }) => sum + length, 0);
  }

  async answerDigest(): Promise<string> {
    const adapters: string[] = [];
    for (const adapter of this.#earlier)
      adapters.push(sha256(new Uint8Array((await this.#model!.read(adapter)).buffer)));
    return digestOf([...adapters, this.#router.digest()]);
  }

  /** Each earlier adapter in PEFT's format in its own folder, counted from 0; the latest is saved with the model. */
  async save(directory: string, model: Model): Promise<void> {
    for (const [task, adapter] of this.#earlier.entries()) await model.save(adapterIn(directory, task), adapter);
    this.#router.save(directory);
  }

  async restore(directory: string, model: Model): Promise<void> {
    this.#router.restore(directory);
    const latest = await model.snapshot();
    for (let task = 0; task < this.#router.size - 1; task++) {
      await model.load(adapterIn(directory, task));
      this.#earlier.push(await model.snapshot());
    }
    await model.restore(latest);
    await model.free(latest);
  }

  /** The task whose inputs each question resembles most. */
  async #route(questions: readonly RoutedRequest[], model: Model): Promise<number[]> {
    const plain = questions.map((question) => ({ ...question, weights: this.#fresh! }));
    return (await model.embed(plain)).map((embedding) => this.#router.nearest(embedding));
  }
}

const adapterIn = (directory: string, task: number): string => join(directory, `adapter-${task}`);
