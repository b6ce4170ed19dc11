import { join } from "node:path";
import { Piscina } from "piscina";
import { BenchError } from "../../contract/errors.js";
import { packageRoot } from "../../contract/files.js";
import type { Decoding } from "../../contract/trainer.js";
import type { Answered, ModelResult, ModelSetup, ModelTask, ModelValue, PartialText } from "./messages.js";

/** A prompt that waits for its answer. */
interface Waiting {
  id: string;
  prompt: string;
  scope: string | undefined;
  decoding: Decoding;
  written: ((text: string) => void) | undefined;
  signal: AbortSignal;
  resolve(answer: Answered): void;
  reject(error: unknown): void;
}

/**
 * Prompts that the thread is given together, and how many times before it answers. Where calls join each other it gets
 * each when it comes; else those that come while it computes wait, and those with the same decoding are answered together.
 */
const joining = { together: 1, atOnce: 64 };
const inTurn = { together: 16, atOnce: 1 };

/** A model in a thread of its own. An answer does not depend on its companions. */
export class ModelWorker {
  readonly #pool: Piscina;
  #waiting: Waiting[] = [];
  #limits = inTurn;
  #requests = 0;
  #computing = new Set<Promise<void>>();
  #listeners = new Map<number, (text: string) => void>();

  constructor(setup: ModelSetup) {
    this.#pool = new Piscina({
      filename: join(packageRoot, "dist", "harness", "serve", "local", "worker.js"),
      ...{ minThreads: 1, maxThreads: 1, concurrentTasksPerWorker: joining.atOnce },
      idleTimeout: Number.POSITIVE_INFINITY,
      atomics: "disabled",
      workerData: setup,
    });
    this.#pool.on("message", ({ request, text }: PartialText) => this.#listeners.get(request)?.(text));
    this.#pool.on("error", () => undefined); // A worker that dies fails its task; the pool starts another one.
  }

  /** Opens the model. Throws what opening it throws. */
  async open(): Promise<void> {
    if ((await this.#run({ type: "open" })) === true) this.#limits = joining;
  }

  /** Prompts that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * The answer to a prompt.
   *
   * @param id keys the random numbers of the answer, with the decoding's seed.
   * @param written hears the text so far.
   * @throws CANCELLED where the signal was aborted before the answer was begun, or before its end where the model can stop,
   *   ENGINE_FAILED and what the learner throws.
   */
  answer(request: Pick<Waiting, "id" | "prompt" | "scope" | "decoding" | "written" | "signal">): Promise<Answered> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...request, resolve, reject });
      queueMicrotask(() => this.#begin()); // what arrives in the same turn is answered together
    });
  }

  /** One vector for each text; undefined where the learner has none. */
  embed(texts: string[]): Promise<Float32Array[] | undefined> {
    return this.#run({ type: "embed", texts }) as Promise<Float32Array[] | undefined>;
  }

  /** Ends the thread when no call is under way. */
  async close(): Promise<void> {
    while (this.#waiting.length + this.#computing.size > 0) await Promise.all(this.#computing);
    await this.#pool.close();
  }

  /** Gives the thread what it may have. */
  #begin(): void {
    while (this.#waiting.length > 0 && this.#computing.size < this.#limits.atOnce) {
      const work = this.#answerTogether(this.#takeAlike()).finally(() => {
        this.#computing.delete(work);
        this.#begin();
      });
      this.#computing.add(work);
    }
  }

  /** The first that waits, and those after it that are decoded alike. */
  #takeAlike(): Waiting[] {
    const gone = this.#waiting.filter(({ signal }) => signal.aborted);
    for (const { reject } of gone) reject(new BenchError("CANCELLED", "nobody waits for the answer"));
    const left = this.#waiting.filter(({ signal }) => !signal.aborted);
    const key = (request: Waiting) => JSON.stringify(request.decoding);
    const taken = left.filter((request) => key(request) === key(left[0]!)).slice(0, this.#limits.together);
    this.#waiting = left.filter((request) => !taken.includes(request));
    return taken;
  }

  async #answerTogether(taken: readonly Waiting[]): Promise<void> {
    if (taken.length === 0) return;
    const { decoding } = taken[0]!;
    const watched = taken.some(({ written }) => written !== undefined);
    const requests = taken.map(({ id, prompt, scope }) => {
      return { id, prompt, scope, number: this.#requests++, cancelled: new Int32Array(new SharedArrayBuffer(4)) };
    });
    const leave = requests.map(({ cancelled }) => () => {
      Atomics.store(cancelled, 0, 1);
    });
    for (const [index, { written, signal }] of taken.entries()) {
      if (written !== undefined) this.#listeners.set(requests[index]!.number, written);
      signal.addEventListener("abort", leave[index]!, { once: true });
    }
    try {
      const answers = (await this.#run({ type: "generate", requests, decoding, watched })) as Answered[];
      for (const [index, { resolve }] of taken.entries()) resolve(answers[index]!);
    } catch (error) {
      for (const { reject } of taken) reject(error);
    } finally {
      for (const { number } of requests) this.#listeners.delete(number);
      for (const [index, { signal }] of taken.entries()) signal.removeEventListener("abort", leave[index]!);
    }
  }

  async #run(task: ModelTask): Promise<ModelValue> {
    const result = await (this.#pool.run(task) as Promise<ModelResult>).catch((error: Error) => {
      throw new BenchError("ENGINE_FAILED", `the thread of the model ended: ${error.message}`, {
        fix: "Look at the memory that the model needs; another thread is started by the next request.",
        cause: error,
      });
    });
    if (!result.ok) throw BenchError.fromRecord(result.error);
    return result.value;
  }
}
