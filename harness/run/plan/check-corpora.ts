import type { CorpusChange, Task } from "../../contract/suite.js";

type WithCorpus = Pick<Task, "id" | "corpus">;

/** What is wrong with a task's documents, whatever came before it; undefined where nothing is. */
export function malformedCorpus({ id, corpus }: WithCorpus): string | undefined {
  if (corpus === undefined) return undefined;
  const { add, change, retract } = corpus as Partial<CorpusChange>;
  const lists = [add, change, retract];
  if (!lists.every(Array.isArray)) return `the corpus of "${id}" lacks one of the lists add, change and retract`;
  const documents = [...add!, ...change!];
  const strings = ({ id: name, title, text }: Record<string, unknown>) =>
    [name, text, title ?? ""].every((value) => typeof value === "string");
  if (!documents.every((one) => typeof one === "object" && one !== null && strings({ ...one })))
    return `a document of "${id}" lacks an id or a text`;
  const triple = (fact: unknown) =>
    Array.isArray(fact) && fact.length === 3 && fact.every((part) => typeof part === "string");
  const strange = documents.find(({ facts = [] }) => !(Array.isArray(facts) && facts.every(triple)));
  if (strange !== undefined)
    return `a fact of the document ${JSON.stringify(strange.id)} of "${id}" is not a subject, a relation and an object`;
  if (!retract!.every((one) => typeof one === "string")) return `"${id}" retracts something that is no id`;
  const seen = new Set<string>();
  const twin = [...documents.map((one) => one.id), ...retract!].find((one) => seen.size === seen.add(one).size);
  return twin === undefined ? undefined : `the corpus of "${id}" names the document ${JSON.stringify(twin)} twice`;
}

/**
 * Why the tasks cannot be learned in this order: documents are added that are there, or changed or retracted that are
 * not. Undefined where they can.
 */
export function corpusConflict(order: readonly WithCorpus[]): string | undefined {
  const there = new Set<string>();
  for (const { id, corpus } of order) {
    if (corpus === undefined) continue;
    const twice = corpus.add.find((one) => there.has(one.id));
    if (twice !== undefined) return `"${id}" adds the document ${JSON.stringify(twice.id)}, which is there already`;
    const touched = [...corpus.change.map((one) => one.id), ...corpus.retract];
    const absent = touched.find((one) => !there.has(one));
    if (absent !== undefined) return `"${id}" needs the document ${JSON.stringify(absent)}, which is not there yet`;
    for (const one of corpus.add) there.add(one.id);
    for (const one of corpus.retract) there.delete(one);
  }
  return undefined;
}
