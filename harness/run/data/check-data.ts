import type { Suite } from "../../contract/suite.js";
import { classFindings } from "./class-findings.js";
import type { DataFinding } from "./finding.js";
import { indexPrompts, type Occurrence, type RowSet, rowSets } from "./prompt-index.js";

/** A count that grows as prompts are looked at, with an example. */
interface Count {
  kind: Exclude<DataFinding["kind"], "unseen-class" | "label-variants">;
  set: RowSet;
  other?: RowSet;
  rows: number;
  sameAnswer: number;
  example: string;
}

/** Most other tasks that a prompt is compared with, so that the work stays linear where all tasks share their rows. */
const mostOthers = 16;

/**
 * What is wrong with the data of a suite as a measurement: test rows that are trained on, rows that repeat, prompts with
 * contradicting answers, test sets that tasks share, classes that training never shows. Linear in the rows.
 */
export function checkData(suite: Pick<Suite, "tasks" | "probes">): DataFinding[] {
  const sets = rowSets(suite);
  const counts = new Map<string, Count>();
  const add = (kind: Count["kind"], own: Occurrence, other: Occurrence | undefined, rows: number, sameAnswer = 0) => {
    const key = JSON.stringify([kind, own.set.task, own.set.part, other?.set.task]);
    let count = counts.get(key);
    if (count === undefined) {
      const example = [own, other].flatMap((occurrence) => occurrence?.first ?? []).join(" and ");
      count = { kind, set: own.set, other: other?.set, rows: 0, sameAnswer: 0, example };
      counts.set(key, count);
    }
    count.rows += rows;
    count.sameAnswer += sameAnswer;
  };
  for (const occurrences of indexPrompts(sets)) countPrompt(occurrences, add);
  const found = [...counts.values()].map((count) => ({
    kind: count.kind,
    task: count.set.task,
    count: count.rows,
    text: phrase(count),
  }));
  const order = [...suite.tasks, ...suite.probes].map(({ id }) => id);
  return [...found, ...classFindings(suite.tasks)].sort((a, b) => order.indexOf(a.task) - order.indexOf(b.task));
}

type Add = (
  kind: Count["kind"],
  own: Occurrence,
  other: Occurrence | undefined,
  rows: number,
  sameAnswer?: number,
) => void;

/** Counts what one prompt is an instance of. */
function countPrompt(occurrences: readonly Occurrence[], add: Add): void {
  const of = (...parts: RowSet["part"][]) => occurrences.filter(({ set }) => parts.includes(set.part));
  const learned = mergeByTask(of("train", "validation")).slice(0, mostOthers);
  const tests = of("test", "shifted").slice(0, mostOthers);
  for (const own of [...tests, ...of("probe")]) {
    const kind = own.set.part === "probe" ? "probe-in-train" : "test-in-train";
    for (const other of learned) add(kind, own, other, own.count, withSameAnswer(own, other));
    if (own.count > 1) add("repeated-test", own, undefined, own.count - 1);
  }
  for (const own of learned) {
    if (own.count > own.answers.size) add("repeated-train", own, undefined, own.count - own.answers.size);
  }
  for (const own of [...learned, ...tests]) {
    if (own.answers.size > 1) add("contradiction", own, undefined, 1);
  }
  for (const [index, own] of tests.entries()) {
    for (const other of tests.slice(index + 1)) {
      const same = withSameAnswer(own, other);
      if (own.set.task !== other.set.task && same > 0) add("shared-test", own, other, same);
    }
  }
}

/** Training and validation rows of a task as one: both decide what is learned. */
function mergeByTask(occurrences: readonly Occurrence[]): Occurrence[] {
  const merged: Occurrence[] = [];
  for (const { set, count, answers, first } of occurrences) {
    const own = merged.find((other) => other.set.task === set.task);
    if (own === undefined) {
      merged.push({ set, count, answers: new Map(answers), first });
      continue;
    }
    own.count += count;
    for (const [answer, times] of answers) own.answers.set(answer, (own.answers.get(answer) ?? 0) + times);
  }
  return merged;
}

/** How many rows of `own` have an answer that the prompt has in `other`, too. */
function withSameAnswer(own: Occurrence, other: Occurrence): number {
  let same = 0;
  for (const [answer, count] of own.answers) if (other.answers.has(answer)) same += count;
  return same;
}

function phrase({ kind, set, other, rows, sameAnswer, example }: Count): string {
  const whose = other === undefined || other.task === set.task ? "its" : "the";
  const of = other === undefined || other.task === set.task ? "" : ` of ${other.task}`;
  const learned = "training or validation";
  const isLearned = set.part === "train" || set.part === "validation";
  const part = isLearned ? learned : set.part === "shifted" ? "shifted test" : set.part;
  const share = `${rows} of ${set.examples.length}`;
  const texts: Record<Count["kind"], string> = {
    "test-in-train": `${part} prompts that are also in ${whose} ${learned} data${of}: ${share} (${sameAnswer} with the same answer)`,
    "probe-in-train": `questions that are also in the ${learned} data${of}: ${share} (${sameAnswer} with the same answer)`,
    "repeated-test": `${part} rows that repeat an earlier prompt: ${share}`,
    "repeated-train": `${learned} rows that repeat an earlier row: ${rows}`,
    contradiction: `prompts with several answers in ${part} data: ${rows}`,
    "shared-test": `${part} rows that are also test rows${of}: ${share}`,
  };
  return `${set.task}: ${texts[kind]}, such as ${example}`;
}
