import type { ExampleRecord, SampleRecord } from "../../../harness/contract/result.js";
import { shortened } from "../shared/format.js";

/**
 * A question with its references, the documents that its answer rests on (null where the suite names none) and the digests
 * of its images; what is missing at the end is left out.
 */
export type QuestionEntry = [
  id: string,
  question: string,
  references: string[],
  supports?: string[] | null,
  images?: string[],
];

/** Answers of all trainers to one set, for one order and seed. */
export interface AnswersShard {
  /** Every distinct answer once. */
  texts: string[];
  /** By index of the trainer, then by row. */
  trainers: Record<number, Record<number, RowAnswers>>;
}

/** Answers at one row, aligned with the questions of the set. */
export interface RowAnswers {
  /** Indices into the texts; −1 where there is no answer. */
  text: number[];
  /** Scores on 0..1 with three decimals; null where there is no answer. */
  score: (number | null)[];
  /** A digit per answer: 1 for an invalid format, plus 2 for an answer that was cut at the token limit. */
  flags: string;
  /** Indices into the texts of what an answer rests on, piece by piece, where the trainer says so; null elsewhere. */
  evidence?: (number[] | null)[];
}

/** Characters of a text that are kept; longer ones are cut in the middle. */
const limits = { question: 3000, answer: 1000 };

export function questionEntries(examples: readonly ExampleRecord[]): QuestionEntry[] {
  return examples.map(({ id, input, references, supports, images }): QuestionEntry => {
    const question = shortened(input, limits.question);
    const answers = references.map((reference) => shortened(reference, limits.answer));
    if (images !== undefined) return [id, question, answers, supports ?? null, images];
    return supports === undefined ? [id, question, answers] : [id, question, answers, supports];
  });
}

/**
 * @param ids of the questions, in order.
 * @param samples of the set, by index of the trainer.
 */
export function answersShard(
  ids: readonly string[],
  samples: ReadonlyMap<number, readonly SampleRecord[]>,
): AnswersShard {
  const position = new Map(ids.map((id, index) => [id, index]));
  const indices = new Map<string, number>();
  const indexOf = (whole: string) => {
    const text = shortened(whole, limits.answer);
    const index = indices.get(text) ?? indices.size;
    indices.set(text, index);
    return index;
  };
  const trainers: AnswersShard["trainers"] = {};
  for (const [trainer, records] of samples) {
    const rows: Record<number, RowAnswers & { flagList: number[] }> = {};
    for (const { row, id, output, score, valid, finishReason, evidence } of records) {
      const index = position.get(id);
      if (index === undefined) continue;
      rows[row] ??= { text: ids.map(() => -1), score: ids.map(() => null), flags: "", flagList: ids.map(() => 0) };
      rows[row].text[index] = indexOf(output);
      rows[row].score[index] = Math.round(score * 1000) / 1000;
      if (evidence !== undefined) {
        rows[row].evidence ??= ids.map(() => null);
        rows[row].evidence[index] = evidence.map(indexOf);
      }
      rows[row].flagList[index] = Number(!valid) + 2 * Number(finishReason === "length");
    }
    trainers[trainer] = Object.fromEntries(
      Object.entries(rows).map(([row, { flagList, ...answers }]) => [row, { ...answers, flags: flagList.join("") }]),
    );
  }
  return { texts: [...indices.keys()], trainers };
}
