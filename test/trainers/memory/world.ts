import fc from "fast-check";
import type { CorpusChange, Document } from "../../../harness/contract/suite.js";
import type { TaskData } from "../../../harness/contract/trainer.js";

/** Documents of a small vocabulary in several scripts, so that ids and contents collide. */
export const someDocument = fc.record({
  id: fc.constantFrom("a", "b", "c", "d", "é", "文", "\u{1F600}"),
  text: fc
    .array(
      fc.constantFrom(
        "Tom",
        "lives",
        "in",
        "Paris.",
        "Rome",
        "is",
        "Tomas",
        "the",
        "boss",
        "of",
        "北京是",
        "大学",
        "7",
        "Straße.",
      ),
      {
        minLength: 1,
        maxLength: 8,
      },
    )
    .map((words) => words.join(" ")),
});

/** What happens to a memory: a document is put there (added or changed), or its id is retracted. */
export const operations = fc.array(fc.tuple(fc.boolean(), someDocument), { maxLength: 30 });

/** Plays operations one by one, leaving out retractions of what is not there; returns what is left. */
export async function play(
  steps: readonly (readonly [boolean, Document])[],
  apply: (change: CorpusChange) => Promise<void>,
): Promise<Document[]> {
  const there = new Map<string, Document>();
  for (const [puts, document] of steps) {
    const known = there.has(document.id);
    if (!puts && !known) continue;
    const change: CorpusChange = { add: [], change: [], retract: [] };
    if (puts) change[known ? "change" : "add"].push(document);
    else change.retract.push(document.id);
    await apply(change);
    if (puts) there.set(document.id, document);
    else there.delete(document.id);
  }
  return [...there.values()];
}

/** A task that brings documents. */
export function corpusTask(id: string, corpus: Partial<CorpusChange>): TaskData {
  const task = { id, title: id, language: "en", scorer: { name: "exact-match" }, maxNewTokens: 3 };
  const example = {
    id: `${id}/1`,
    input: [{ type: "text" as const, text: "Question: Where is Tom?\nAnswer:" }],
    references: ["x"],
  };
  return { task, train: [example], validation: [example], corpus: { add: [], change: [], retract: [], ...corpus } };
}
