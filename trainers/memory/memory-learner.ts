import { digestOf } from "../../harness/contract/digest.js";
import { type Document, inputText, textInput } from "../../harness/contract/suite.js";
import type {
  Decoding,
  Generation,
  GenerationRequest,
  LearnContext,
  LearnerContext,
  LearnReport,
  ScoreRequest,
  TrainingView,
} from "../../harness/contract/trainer.js";
import type { Model } from "../engine/contract.js";
import { openModel } from "../engine/open.js";
import { ModelLearner } from "../training/model-learner.js";
import { loadJson, saveJson } from "../training/state.js";
import { changeOf, contentOf, DocumentStore } from "./documents.js";
import type { MemoryOptions } from "./options.js";
import { queryOf } from "./query.js";
import type { Retrieval, Retriever } from "./retriever.js";
import { checkSeal, sealDirectory } from "./sealed.js";

/** Characters of a passage that are kept as evidence. */
const shownCharacters = 300;

/** Documents that are ranked for a question, for the measurement of recall. */
const rankedDocuments = 20;

/** A question with what was found for it. */
interface Read<Request> {
  request: Request;
  evidence: string[];
  /** Ids of what was found, the best first; more than are read. */
  retrieved: string[];
}

/**
 * The base model as it is, with a memory: documents are added, changed and retracted as tasks bring them, and each
 * question is read together with the passages that a retriever finds for it.
 */
export class MemoryLearner extends ModelLearner {
  readonly #options: MemoryOptions;
  readonly #retriever: Retriever;
  readonly #documents = new DocumentStore();

  /** @param makeRetriever for the opened model. */
  static async open<Options extends MemoryOptions>(
    context: LearnerContext<Options>,
    makeRetriever: (model: Model, context: LearnerContext<Options>) => Promise<Retriever>,
  ): Promise<MemoryLearner> {
    const model = await openModel(context);
    return new MemoryLearner(model, context, await makeRetriever(model, context));
  }

  private constructor(model: Model, context: LearnerContext<MemoryOptions>, retriever: Retriever) {
    super(model, context.options.maxTokens, context.chat);
    this.#options = context.options;
    this.#retriever = retriever;
  }

  async learn({ tasks }: TrainingView, { buffer }: LearnContext): Promise<LearnReport> {
    const notes = { documents: 0, added: 0, changed: 0, retracted: 0 };
    for (const task of tasks) {
      const change = changeOf(task);
      const { add, change: changed, retract } = change;
      const old = [...changed.map(({ id }) => id), ...retract].map((id) => this.#documents.get(id));
      this.#documents.apply(change);
      await this.#retriever.remove(old as Document[]);
      await this.#retriever.add([...add, ...changed]);
      notes.added += add.length;
      notes.changed += changed.length;
      notes.retracted += retract.length;
    }
    notes.documents = this.#documents.size;
    buffer.set(
      this.#documents.all().map((document) => ({
        taskId: "",
        example: { id: document.id, input: textInput(contentOf(document)), references: [] },
      })),
    );
    return { steps: 0, finalLoss: null, curve: [], notes };
  }

  override async generate(requests: GenerationRequest[], decoding: Decoding): Promise<Generation[]> {
    const read = await this.#read(requests, this.encoder.answerLimit(decoding.maxNewTokens));
    const answers = await super.generate(
      read.map(({ request }) => request),
      decoding,
    );
    return answers.map((answer, index) => {
      const { evidence, retrieved } = read[index]!;
      return { ...answer, evidence, retrieved };
    });
  }

  override async score(requests: ScoreRequest[]): Promise<number[]> {
    const longest = Math.max(0, ...requests.map((one) => this.encoder.answer(one.continuation, one.input).length));
    return super.score((await this.#read(requests, longest)).map(({ request }) => request));
  }

  override async save(directory: string): Promise<void> {
    await super.save(directory);
    saveJson(directory, "documents", this.#documents.all());
    this.#retriever.save(directory);
    sealDirectory(directory);
  }

  override async restore(directory: string): Promise<void> {
    checkSeal(directory);
    await super.restore(directory);
    const documents = loadJson<Document[]>(directory, "documents");
    this.#documents.apply({ add: documents, change: [], retract: [] });
    await this.#retriever.restore(directory, documents);
  }

  override async answerDigest(): Promise<string> {
    const base = await super.answerDigest();
    if (this.#documents.size === 0) return base;
    const state = this.#retriever.state?.();
    return digestOf({
      base,
      documents: this.#documents.all(),
      options: this.#options,
      ...(state !== undefined && { state }),
    });
  }

  /** Puts what is found for each question before it; without documents questions stay as they are. */
  async #read<Request extends Pick<GenerationRequest, "input">>(
    requests: readonly Request[],
    answerTokens: number,
  ): Promise<Read<Request>[]> {
    if (this.#documents.size === 0) return requests.map((request) => ({ request, evidence: [], retrieved: [] }));
    const queries = requests.map(({ input }) => queryOf(inputText(input)));
    // The choices of one question share its query.
    const distinct = [...new Set(queries)];
    const retrievals = await this.#retriever.search(distinct, Math.max(this.#options.passages, rankedDocuments));
    const found = new Map(distinct.map((query, index) => [query, retrievals[index]!]));
    return requests.map((request, index) => this.#prepend(request, found.get(queries[index]!)!, answerTokens));
  }

  #prepend<Request extends Pick<GenerationRequest, "input">>(
    request: Request,
    { hits: found, trail = [] }: Retrieval,
    answerTokens: number,
  ): Read<Request> {
    const question = inputText(request.input);
    const hits = found.slice(0, this.#options.passages);
    const passages = hits.map(({ id }) => contentOf(this.#documents.get(id)!));
    let kept = passages.length;
    const textOf = () => [...passages.slice(0, kept), question].join("\n");
    while (kept > 1 && !this.encoder.fits(textOf(), answerTokens)) kept--;
    while (kept === 1 && passages[0] !== "" && !this.encoder.fits(textOf(), answerTokens)) {
      passages[0] = passages[0]!.slice(0, Math.floor(passages[0]!.length * 0.75));
    }
    const evidence = hits.map(({ id, score }, rank) => {
      const text = contentOf(this.#documents.get(id)!).replaceAll("\n", " ");
      const shown = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
      return `${rank < kept ? "passage" : "not read"} ${id} (${score.toPrecision(3)}): ${shown}`;
    });
    return {
      request: { ...request, input: textInput(textOf()) },
      evidence: [...evidence, ...trail],
      retrieved: found.map(({ id }) => id),
    };
  }
}
