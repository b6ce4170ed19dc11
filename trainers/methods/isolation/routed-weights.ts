import { join } from "node:path";
import { digestOf, sha256 } from "../../../harness/contract/digest.js";
import type { LoraOptions, Model, Vector } from "../../engine/contract.js";
import { inputEmbeddings } from "../../training/similarity.js";
import type { RoutedRequest, Strategy, TaskContext } from "../../training/strategy.js";

/** Tells by the embedding of a question whose inputs it resembles. Keeps numbers, no inputs. */
export interface Router {
  /** How many tasks it knows. */
  readonly size: number;
  /** How many answers `route` has. */
  readonly choices: number;
  /** Adds a task by some of its inputs' embeddings. */
  add(embeddings: readonly Float32Array[]): void;
  /** The task, counted from 0 as added; undefined where the question resembles none of them. */
  route(embedding: Float32Array): number | undefined;
  digest(): string;
  save(directory: string): void;
  restore(directory: string): void;
}

/** What is chosen between. */
export interface RoutedOptions {
  router: Router;
  /** Training inputs of each task that the router sees. */
  items: number;
  /** The adapter that each task trains; all parameters of the model where absent. */
  adapter?: LoraOptions;
}

/**
 * Each task trains from the base, and what it trained is kept; each question is answered by that of the task whose inputs
 * it resembles, by the mean-pooled states of the base model, or by the base where it resembles none. While a task is
 * learned, its own parameters are among those to choose from.
 */
export class RoutedWeights implements Strategy {
  readonly exclusive = ["adapter"] as const;
  readonly parameters = "perTask";
  readonly conflicts = { lwf: "every task starts from the base, which would be the teacher" };
  readonly #options: RoutedOptions;
  #model: Model | undefined;
  /** What every task starts from: with it the model is the base. */
  #fresh: Vector | undefined;
  /** What all tasks but the latest trained; what that trained is the model's own. */
  readonly #earlier: Vector[] = [];
  /** Knows every task so far. */
  readonly #router: Router;

  constructor(options: RoutedOptions) {
    this.#options = options;
    this.#router = options.router;
  }

  async open(model: Model, seed: number): Promise<void> {
    if (this.#options.adapter) await model.adapt(this.#options.adapter, seed);
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
    if (own.length > 0) task.note("validation questions routed to their task", right / own.length);
  }

  async routeInference<R extends RoutedRequest>(requests: readonly R[], model: Model): Promise<R[]> {
    if (this.#router.choices < 2) return [...requests];
    const routed = await this.#route(requests, model);
    return requests.map((request, i) => ({ ...request, weights: this.#weightsOf(routed[i]) ?? request.weights }));
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

  /** What each earlier task trained in its own folder, counted from 0, as a model or in PEFT's format; the latest is saved with the model. */
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

  /** The task whose inputs each question resembles; undefined where it resembles none. */
  async #route(questions: readonly RoutedRequest[], model: Model): Promise<(number | undefined)[]> {
    const plain = questions.map((question) => ({ ...question, weights: this.#fresh! }));
    return (await model.embed(plain)).map((embedding) => this.#router.route(embedding));
  }

  /** Undefined for the latest task, whose parameters the model has. */
  #weightsOf(task: number | undefined): Vector | undefined {
    return task === undefined ? this.#fresh : this.#earlier[task];
  }
}

const adapterIn = (directory: string, task: number): string => join(directory, `adapter-${task}`);
