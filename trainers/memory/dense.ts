import { BenchError } from "../../harness/contract/errors.js";
import type { Document } from "../../harness/contract/suite.js";
import type { Embedder } from "../training/embeddings/embedder.js";
import { loadVectors, saveVectors } from "../training/state.js";
import { byCodeUnits, contentOf } from "./documents.js";
import { best, type Ranker, type Retrieval, type Scores } from "./retriever.js";
import { Slots } from "./slots.js";

/** In the place of the vector of a document that is gone. */
const gone = new Float32Array(0);

/** Cosine of the embeddings of question and document. Embeddings are those of each text alone. */
export class Dense implements Ranker {
  readonly #documents = new Slots();
  /** By the number of a document. */
  readonly #vectors: Float32Array[] = [];
  readonly #embedder: Embedder;
  readonly #own: boolean;
  readonly #file: string;

  /**
   * @param own whether embeddings depend on the weights of the model that answers.
   * @param file name of the file of vectors, where a memory has several.
   */
  constructor(embedder: Embedder, { own = false, file = "embeddings" } = {}) {
    this.#embedder = embedder;
    this.#own = own;
    this.#file = file;
  }

  async add(documents: readonly Document[]): Promise<void> {
    const vectors = await this.#embedder(documents.map(contentOf));
    documents.forEach(({ id }, index) => {
      this.#vectors[this.#documents.take(id)] = vectors[index]!;
    });
  }

  async remove(documents: readonly Document[]): Promise<void> {
    for (const { id } of documents) this.#vectors[this.#documents.release(id)] = gone;
  }

  async refresh(documents: readonly Document[]): Promise<void> {
    if (!this.#own) return;
    await this.remove(documents);
    await this.add(documents);
  }

  async search(queries: readonly string[], count: number): Promise<Retrieval[]> {
    return Array.from(await this.scores(queries), (scores) => ({ hits: best(scores, count) }));
  }

  /** The cosine of every document with each query. */
  async scores(queries: readonly string[]): Promise<Iterable<Scores>> {
    return this.#scoresOfEach(await this.#embedder(queries));
  }

  *#scoresOfEach(queries: readonly Float32Array[]): Generator<Scores> {
    const found = Int32Array.from(this.#vectors.keys()).filter((slot) => this.#vectors[slot] !== gone);
    const values = new Float64Array(found.length);
    for (const query of queries) {
      for (let index = 0; index < found.length; index++) values[index] = product(query, this.#vectors[found[index]!]!);
      yield { slots: this.#documents, found, values };
    }
  }

  save(directory: string): void {
    const sorted = [...this.#documents.texts()].sort(byCodeUnits);
    const vectors = sorted.map((id) => this.#vectors[this.#documents.get(id)!]!);
    // Ids are foreign texts and may be long: vectors go by their place in the order of ids.
    saveVectors(directory, this.#file, Object.fromEntries(vectors.entries()));
  }

  async restore(directory: string, documents: readonly Document[]): Promise<void> {
    const vectors = loadVectors(directory, this.#file);
    if (Object.keys(vectors).length !== documents.length) {
      throw new BenchError("DATA_INVALID", "the memory's embeddings do not fit its documents", {
        at: { file: directory },
        fix: "Run again without this checkpoint.",
      });
    }
    const sorted = [...documents].sort((a, b) => byCodeUnits(a.id, b.id));
    sorted.forEach(({ id }, index) => {
      this.#vectors[this.#documents.take(id)] = vectors[`${index}`]!;
    });
  }
}

/** The inner product, summed in double precision. */
export function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
