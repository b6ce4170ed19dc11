import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ExampleRecord, RunRecord, SampleRecord } from "../harness/contract/result.js";
import { layout } from "../harness/run/store.js";
import type { CellResult, ReportData } from "./report-data.js";
import type { AnsweredQuestion, SampleSource } from "./view-models/samples.js";

/**
 * The answers of one finished cell of each trainer: the first order and seed that has one. The other cells' answers
 * stay in their files, so that the size of a page does not grow with the grid.
 */
export function readSamples(directory: string, { run, cells }: ReportData): SampleSource[] {
  const examples = new Map<string, ExampleRecord>();
  for (const example of readLines<ExampleRecord>(join(directory, layout.examples))) {
    examples.set(keyOf(example.dataset, example.set, example.id), example);
  }
  return run.trainers.flatMap(({ label }) => {
    const cell = cells.find(({ trainer, matrix }) => trainer === label && matrix !== undefined);
    if (cell === undefined) return [];
    const path = layout.samples(cell.id);
    const answers = readLines<SampleRecord>(join(directory, path));
    if (answers.length === 0) return [];
    const where = `${cell.order}, seed ${cell.seed}`;
    return [{ trainer: label, cell: where, path, sets: setsOf(run, cell, answers, examples) }];
  });
}

function setsOf(
  run: RunRecord,
  cell: CellResult,
  answers: readonly SampleRecord[],
  examples: ReadonlyMap<string, ExampleRecord>,
): SampleSource["sets"] {
  const questions = new Map<string, Map<string, AnsweredQuestion>>();
  for (const { dataset, set, id, row, output, score } of answers) {
    const key = keyOf(dataset, set, "");
    const known = questions.get(key) ?? new Map<string, AnsweredQuestion>();
    questions.set(key, known);
    const example = examples.get(keyOf(dataset, set, id));
    if (example === undefined) continue;
    const question = known.get(id) ?? { id, question: example.input, references: example.references, answers: [] };
    known.set(id, question);
    question.answers.push({ row, text: output, score });
  }
  const found = (dataset: SampleRecord["dataset"], set: string) =>
    [...(questions.get(keyOf(dataset, set, ""))?.values() ?? [])].map((question) => ({
      ...question,
      answers: question.answers.sort((a, b) => a.row - b.row),
    }));
  const { tasks, probes } = run.suite;
  return [
    ...tasks.map(({ id, title }) => ({
      title,
      task: true,
      learnedAt: cell.matrix!.tasks.indexOf(id) + 1,
      questions: found("test", id),
    })),
    ...probes.map(({ id, title }) => ({ title, task: false, learnedAt: 0, questions: found("probe", id) })),
  ];
}

function keyOf(dataset: string, set: string, id: string): string {
  return `${dataset}\u0000${set}\u0000${id}`;
}

function readLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}
