import { digestOf } from "../../harness/contract/digest.js";
import { cut, head } from "../../harness/contract/printable.js";
import { type Document, type Example, inputText, textInput } from "../../harness/contract/suite.js";
import type { TaskData, TrainingView } from "../../harness/contract/trainer.js";
import type { Model } from "../engine/contract.js";
import { loadJson, saveJson } from "../training/state.js";
import type { DataContext, Fits, Question, ReadQuestion, Strategy } from "../training/strategy.js";
import { changeOf, contentOf, DocumentStore, itemDocumentId } from "./documents.js";
import type { MemoryOptions } from "./options.js";
import { queryOf } from "./query.js";
import type { Retrieval, Retriever } from "./retriever.js";
import { checkSeal, sealDirectory } from "./sealed.js";

/** Characters of a passage that are kept as evidence. */
const shownCharacters = 300;

/** Documents that are ranked for a question, for the measurement of recall. */
const rankedDocuments = 20;

/** Makes a retriever for an opened model; `chat`: whether prompts go through the model's chat template. */
export type MakeRetriever<Options> = (options: Options, model: Model, chat: boolean) => Promise<Retriever>;

/**
 * Documents that are added, changed and retracted as tasks bring them; each question is read together with the passages
 * that a retriever finds for it. As a strategy, the model is trained on questions with their passages, too.
 */
export class Memory implements Strategy {
  readonly exclusive = ["buffer"] as const;
  readonly #options: MemoryOptions;
  readonly #make: (model: Model, chat: boolean) => Promise<Retriever>;
  #retriever!: Retriever;
  readonly #documents = new DocumentStore();

  static of<Options extends MemoryOptions>(options: Options, make: MakeRetriever<Options>): Memory {
    return new Memory(options, (model, chat) => make(options, model, chat));
  }

  private constructor(options: MemoryOptions, make: (model: Model, chat: boolean) => Promise<Retriever>) {
    this.#options = options;
    this.#make = make;
  }

  async open(model: Model, _seed: number, _tasks: number, chat: boolean): Promise<void> {
    this.#retriever = await this.#make(model, chat);
  }

  /** Makes the changes that tasks bring. */
  async remember(tasks: readonly TaskData[], { buffer, note }: Omit<DataContext, "fits">): Promise<void> {
    const counts = { added: 0, changed: 0, retracted: 0 };
    for (const task of tasks) {
      const change = changeOf(task);
      const { add, change: changed, retract } = change;
      const old = [...changed.map(({ id }) => id), ...retract].map((id) => this.#documents.get(id));
      this.#documents.apply(change);
      await this.#retriever.remove(old as Document[]);
      await this.#retriever.add([...add, ...changed]);
      counts.added += add.length;
      counts.changed += changed.length;
      counts.retracted += retract.length;
    }
    note("documents", this.#documents.size);
    for (const [name, value] of Object.entries({ ...counts, ...this.#retriever.notes?.() })) note(name, value);
    buffer.set(
      this.#documents.all().map((document) => ({
        taskId: "",
        example: { id: document.id, input: textInput(contentOf(document)), references: [] },
      })),
    );
  }

  async prepareData(view: TrainingView, context: DataContext): Promise<TrainingView> {
    await this.remember(view.tasks, context);
    const withPassages = async ({ task, train, validation, ...rest }: TaskData): Promise<TaskData> => {
      const read = (examples: Example[], own?: (id: string) => string) =>
        this.#readExamples(examples, task.maxNewTokens, context.fits, own);
      // Where training items are the documents, an item must not find its own answer.
      const own = rest.corpus === undefined ? (id: string) => itemDocumentId(task.id, id) : undefined;
      return { ...rest, task, train: await read(train, own), validation: await read(validation) };
    };
    const all = async (list: readonly TaskData[]) => {
      const read: TaskData[] = [];
      for (const data of list) read.push(await withPassages(data));
      return read;
    };
    return {
      ...view,
      tasks: await all(view.tasks),
      pastValidation: await all(view.pastValidation),
      generalItems: await this.#readExamples(view.generalItems, 0, context.fits),
    };
  }

  /** Embeddings of the model's own states follow its weights. */
  async afterTask(): Promise<void> {
    await this.#retriever.refresh?.(this.#documents.all());
  }

  /** Puts what is found for each question before it; without documents questions stay as they are. */
  async readQuestions(questions: readonly Question[], answerTokens: number, fits: Fits): Promise<ReadQuestion[]> {
    if (this.#documents.size === 0) return questions.map(({ input }) => ({ input, evidence: [], retrieved: [] }));
    const found = await this.#search(questions, Math.max(this.#options.passages, rankedDocuments));
    return questions.map((question, index) => this.#prepend(question, found[index]!, answerTokens, fits));
  }

  async save(directory: string): Promise<void> {
    saveJson(directory, "documents", this.#documents.all());
    this.#retriever.save(directory);
    sealDirectory(directory);
  }

  async restore(directory: string): Promise<void> {
    checkSeal(directory);
    const documents = loadJson<Document[]>(directory, "documents");
    this.#documents.apply({ add: documents, change: [], retract: [] });
    await this.#retriever.restore(directory, documents);
  }

  async answerDigest(): Promise<string> {
    if (this.#documents.size === 0) return "";
    const state = this.#retriever.state?.();
    return digestOf({
      documents: this.#documents.all(),
      options: this.#options,
      ...(state !== undefined && { state }),
    });
  }

  /** What is found for each question; equal queries, as those of the choices of one question, are searched once. */
  async #search(questions: readonly Pick<Question, "input">[], count: number): Promise<Retrieval[]> {
    const queries = questions.map(({ input }) => queryOf(inputText(input)));
    const distinct = [...new Set(queries)];
    const retrievals = await this.#retriever.search(distinct, count);
    const found = new Map(distinct.map((query, index) => [query, retrievals[index]!]));
    return queries.map((query) => found.get(query)!);
  }

  async #readExamples(
    examples: readonly Example[],
    answerTokens: number,
    fits: Fits,
    ownId?: (id: string) => string,
  ): Promise<Example[]> {
    if (this.#documents.size === 0) return [...examples];
    const found = await this.#search(examples, this.#options.passages + (ownId ? 1 : 0));
    return examples.map((example, index) => {
      const { hits, summary } = found[index]!;
      const own = ownId?.(example.id);
      // A summary of the facts of all items would give an item its own answer.
      const read =
        own === undefined ? { hits, ...(summary && { summary }) } : { hits: hits.filter(({ id }) => id !== own) };
      return { ...example, input: this.#prepend(example, read, answerTokens, fits).input };
    });
  }

  #prepend(
    { input }: Pick<Question, "input">,
    { hits: found, trail = [], summary, answer }: Retrieval,
    answerTokens: number,
    fits: Fits,
  ): ReadQuestion {
    const question = inputText(input);
    const hits = found.slice(0, this.#options.passages);
    const passages = hits.map(({ id }) => contentOf(this.#documents.get(id)!));
    let kept = passages.length;
    // A summary goes before passages do, where there is not room for all.
    let summaries = summary === undefined ? [] : [summary.text];
    const textOf = () => [...summaries, ...passages.slice(0, kept), question].join("\n");
    if (!fits(textOf(), answerTokens)) summaries = [];
    while (kept > 1 && !fits(textOf(), answerTokens)) kept--;
    while (kept === 1 && passages[0] !== "" && !fits(textOf(), answerTokens)) {
      passages[0] = head(passages[0]!, Math.floor(passages[0]!.length * 0.75));
    }
    const evidence = hits.map(({ id, score }, rank) => {
      const text = contentOf(this.#documents.get(id)!).replaceAll("\n", " ");
      return `${rank < kept ? "passage" : "not read"} ${id} (${score.toPrecision(3)}): ${cut(text, shownCharacters)}`;
    });
    return {
      input: textInput(textOf()),
      evidence: [
        ...evidence,
        ...(summary
          ? [
              `${summaries.length > 0 ? "summary" : "summary not read"} of ${summary.phrases} phrases, level ${summary.level}: ${summary.text}`,
            ]
          : []),
        ...trail,
      ],
      retrieved: found.map(({ id }) => id),
      ...(answer && { answer: this.#wordingOf(answer) }),
    };
  }

  /** A phrase as the first of the documents writes it. */
  #wordingOf({ phrase, passages }: NonNullable<Retrieval["answer"]>): string {
    const other = "[^\\p{L}\\p{M}\\p{N}]";
    const pattern = new RegExp(`(?<=^|${other})${phrase.split(" ").join(`${other}+`)}(?=$|${other})`, "iu");
    const texts = passages.map((id) => contentOf(this.#documents.get(id)!).normalize("NFKC"));
    return texts.flatMap((text) => pattern.exec(text)?.[0] ?? [])[0] ?? phrase;
  }
}
