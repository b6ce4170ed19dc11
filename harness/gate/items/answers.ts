import { cut } from "../../contract/printable.js";
import type { SampleRecord } from "../../contract/result.js";
import { mean } from "../../metrics/definition.js";
import { readExamples, readSamples } from "../../run/store/store.js";
import type { Entry } from "../entry.js";

/** One item as a model that does not learn answered it; over several evaluations, their mean score and the first answer. */
export interface Answer {
  id: string;
  score: number;
  output: string;
  /** Items of one group, such as questions on one text, are not independent. */
  group?: string;
}

/** `task:<id>` or `probe:<id>` → its answers. */
export type Answers = Record<string, Answer[]>;

/** What of an answer is kept in a baseline, in characters. */
const kept = 400;

/** Whether a trainer is evaluated as it is, so that its answers are compared item by item. */
export const isEvaluated = ({ schedule }: { schedule?: string }): boolean => schedule === "once";

/** The final answers of an entry to the tests of all tasks and to all probes. */
export function answersOf({ cells, run }: Pick<Entry, "cells" | "run">): Answers {
  const groups = new Map<string, string>();
  const found = new Map<string, Map<string, { scores: number[]; output: string }>>();
  for (const files of new Set(cells.map((cell) => cell.files))) {
    for (const { id, group } of readExamples(files)) if (group) groups.set(id, group);
  }
  for (const { files, id, matrix } of cells) {
    const final = readSamples(files, id).filter(({ row }) => row === matrix.tasks.length);
    for (const { dataset, set, id: item, score, output } of final) {
      const key = keyOf(dataset, set);
      if (key === undefined) continue;
      const answers = found.get(key) ?? new Map();
      found.set(key, answers);
      const known = answers.get(item);
      if (known === undefined) answers.set(item, { scores: [score], output: cut(output, kept) });
      else known.scores.push(score);
    }
  }
  const order = [...run.suite.tasks.map(({ id }) => `task:${id}`), ...run.suite.probes.map(({ id }) => `probe:${id}`)];
  return Object.fromEntries(
    order.flatMap((key) => {
      const answers = [...(found.get(key) ?? [])].map(([id, { scores, output }]): Answer => {
        const group = groups.get(id);
        return { id, score: mean(scores), output, ...(group !== undefined && { group }) };
      });
      return answers.length === 0 ? [] : [[key, answers]];
    }),
  );
}

/** How many items are independent: a group counts once. */
export const unitsOf = (items: readonly { id: string; group?: string }[]): number =>
  new Set(items.map(({ id, group = id }) => group)).size;

/** Set → how many of its items are independent. */
export const independentItems = (answers: Answers): Record<string, number> =>
  Object.fromEntries(Object.entries(answers).map(([key, items]) => [key, unitsOf(items)]));

function keyOf(dataset: SampleRecord["dataset"], set: string): string | undefined {
  return dataset === "test" ? `task:${set}` : dataset === "probe" ? `probe:${set}` : undefined;
}
