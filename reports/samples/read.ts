import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { MatrixRecord, RunRecord, SampleRecord } from "../../harness/contract/result.js";
import { layout, readExamples } from "../../harness/run/store/store.js";
import type { AnsweredQuestion, SampledSet } from "../view-models/samples/samples.js";

/** Number of questions read per set of a cell. */
const candidates = { task: 8, probe: 4 };

/**
 * Reads some answers of each cell. Cells and answers can number in the thousands, so only the wanted lines are parsed,
 * which relies on the order the harness writes: by row, then by set.
 */
export class SampleReader {
  private readonly questions = new Map<string, Pick<AnsweredQuestion, "question" | "references">>();
  /** Position of a set within a row. */
  private readonly positions = new Map<string, number>();
  private buffer = Buffer.alloc(1 << 20);

  constructor(
    private readonly directory: string,
    private readonly suite: RunRecord["suite"],
  ) {
    const examples = existsSync(join(directory, layout.examples)) ? readExamples(directory) : [];
    for (const { dataset, set, id, input, references } of examples) {
      this.questions.set(keyOf(dataset, set, id), { question: input, references });
    }
    for (const { id } of suite.tasks) this.positions.set(keyOf("test", id, ""), this.positions.size);
    for (const { id } of suite.tasks) this.positions.set(keyOf("shifted", id, ""), this.positions.size);
    for (const { id } of suite.probes) this.positions.set(keyOf("probe", id, ""), this.positions.size);
  }

  /** The sets of a finished cell with the answers of row 0, the row after learning, and the last one. */
  read(cell: string, { tasks, rows }: MatrixRecord): SampledSet[] {
    const text = this.bytesOf(join(this.directory, layout.samples(cell)));
    const sets = [
      ...this.suite.tasks.map(({ id, title }) => ({
        ...{ id, title, task: true, dataset: "test" as const, many: candidates.task },
        learnedAt: tasks.indexOf(id) + 1,
      })),
      ...this.suite.probes.map(({ id, title }) => ({
        ...{ id, title, task: false, dataset: "probe" as const, many: candidates.probe },
        learnedAt: 0,
      })),
    ];
    const last = rows.length - 1;
    return sets.map(({ title, task, learnedAt, ...set }) => {
      const known = new Map<string, AnsweredQuestion>();
      for (const row of new Set([0, learnedAt, last])) {
        for (const answer of firstAnswers(text, { row, ...set }, this.positions)) this.note(known, answer);
      }
      return { title, task, learnedAt, questions: [...known.values()] };
    });
  }

  private note(
    known: Map<string, AnsweredQuestion>,
    { dataset, set, id, row, output, score, evidence }: SampleRecord,
  ): void {
    const example = this.questions.get(keyOf(dataset, set, id));
    if (example === undefined) return;
    const question = known.get(id) ?? { id, ...example, answers: [] };
    known.set(id, question);
    question.answers.push({ row, text: output, score, ...(evidence === undefined ? {} : { evidence }) });
  }

  /** The bytes of a file, in a buffer that the next read reuses; empty if there is no file. */
  private bytesOf(path: string): Buffer {
    if (!existsSync(path)) return this.buffer.subarray(0, 0);
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      if (size > this.buffer.length) this.buffer = Buffer.alloc(2 * size);
      let length = 0;
      for (let read = -1; read !== 0 && length < size; length += read) {
        read = readSync(file, this.buffer, length, size - length, length);
      }
      return this.buffer.subarray(0, length);
    } finally {
      closeSync(file);
    }
  }
}

interface Wanted {
  row: number;
  dataset: SampleRecord["dataset"];
  /** Set. */
  id: string;
  many: number;
}

/** The first answers to a set at a row. Rows ascend and sets follow each other as the suite has them: a binary search. */
function firstAnswers(
  text: Buffer,
  { row, dataset, id, many }: Wanted,
  positions: ReadonlyMap<string, number>,
): SampleRecord[] {
  const position = positions.get(keyOf(dataset, id, ""))!;
  const isBefore = (line: SampleRecord) =>
    line.row !== row ? line.row < row : (positions.get(keyOf(line.dataset, line.set, "")) ?? -1) < position;
  let [low, high] = [0, text.length];
  while (low < high) {
    const start = text.lastIndexOf(10, (low + high) >> 1) + 1;
    const line = lineAt(text, Math.max(start, low));
    if (isBefore(line.record)) low = line.end;
    else high = Math.max(start, low);
  }
  const found: SampleRecord[] = [];
  for (let at = low; at < text.length && found.length < many; ) {
    const { record, end } = lineAt(text, at);
    if (record.row !== row || record.dataset !== dataset || record.set !== id) break;
    found.push(record);
    at = end;
  }
  return found;
}

function lineAt(text: Buffer, start: number): { record: SampleRecord; end: number } {
  const newline = text.indexOf(10, start);
  const end = newline < 0 ? text.length : newline + 1;
  return { record: JSON.parse(text.toString("utf8", start, end)) as SampleRecord, end };
}

function keyOf(dataset: string, set: string, id: string): string {
  return `${dataset}\u0000${set}\u0000${id}`;
}
