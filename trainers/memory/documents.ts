import { BenchError } from "../../harness/contract/errors.js";
import type { CorpusChange, Document } from "../../harness/contract/suite.js";
import { inputText } from "../../harness/contract/suite.js";
import type { TaskData } from "../../harness/contract/trainer.js";

/** Most characters of a document. Longer ones belong into several documents: a reader sees whole ones. */
export const mostCharacters = 200_000;

/** Compares by UTF-16 code units, the same on every machine. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A document's content as it is indexed and read: its title, if any, on a line of its own. */
export const contentOf = ({ title, text }: Document): string => (title === undefined ? text : `${title}\n${text}`);

/** The documents that are remembered. What it contains depends on what is there, never on how it came there. */
export class DocumentStore {
  readonly #documents = new Map<string, Document>();

  get size(): number {
    return this.#documents.size;
  }

  get(id: string): Document | undefined {
    return this.#documents.get(id);
  }

  /** All documents, by id. */
  all(): Document[] {
    return [...this.#documents.values()].sort((a, b) => byCodeUnits(a.id, b.id));
  }

  /**
   * Checks a change as a whole, then makes it: after an error everything is as before.
   *
   * @throws DATA_INVALID for an id that is added twice, or that is changed or retracted and not there; for a document
   *   without a letter or digit, or of more than `mostCharacters`.
   */
  apply({ add, change, retract }: CorpusChange): void {
    const touched = new Set<string>();
    const touch = (id: string, there: boolean, what: string) => {
      if (touched.has(id)) throw refused(id, "occurs twice in one change", "Name every document once.");
      touched.add(id);
      if (this.#documents.has(id) === there) return;
      throw refused(
        id,
        there ? `is to be ${what}, but is not there` : "is added, but is there already",
        there ? "Add it first, or leave it out." : "Change it, or give the new document an id of its own.",
      );
    };
    for (const document of add) {
      touch(document.id, false, "added");
      checkContent(document);
    }
    for (const document of change) {
      touch(document.id, true, "changed");
      checkContent(document);
    }
    for (const id of retract) touch(id, true, "retracted");
    for (const document of [...add, ...change]) this.#documents.set(document.id, document);
    for (const id of retract) this.#documents.delete(id);
  }
}

/** The id of a training item's document, where a task has no documents of its own. */
export const itemDocumentId = (task: string, item: string): string => `${task}: ${item}`;

/** What a task brings to remember: its documents, or its training items as documents where it has none. */
export function changeOf({ task, train, corpus }: TaskData): CorpusChange {
  if (corpus !== undefined) return corpus;
  const documents = train.map(({ id, input, references }) => ({
    id: itemDocumentId(task.id, id),
    text: `${inputText(input)} ${references[0]}`,
  }));
  return { add: documents, change: [], retract: [] };
}

function checkContent(document: Document): void {
  const content = contentOf(document);
  if (!/[\p{L}\p{N}]/u.test(content)) throw refused(document.id, "has no letter and no digit", "Leave it out.");
  if (content.length > mostCharacters) {
    throw refused(
      document.id,
      `has ${content.length} characters, ${mostCharacters} are allowed`,
      "Divide it into passages, each a document of its own.",
    );
  }
}

function refused(id: string, problem: string, fix: string): BenchError {
  return new BenchError("DATA_INVALID", `document ${JSON.stringify(id.slice(0, 200))} ${problem}`, { fix });
}
