import type { ConfusionRecord, MatrixRecord } from "../../../harness/contract/result.js";
import type { SuiteRecord } from "../../../harness/contract/results/suite-record.js";
import type { ReportData } from "../../report-data.js";
import { samplesLink } from "../samples/catalog.js";
import type { Cell, Column } from "../shared/cell.js";
import type { Entry } from "../shared/entries.js";
import { anchorOf, count, list, missing, points } from "../shared/format.js";
import { meanOf } from "../shared/mean-matrix.js";

/** Scores of all trainers on one task, with confusion matrices for classification. */
export interface TaskView {
  id: string;
  anchor: string;
  title: string;
  facts: string;
  columns: Column[];
  rows: { name: string; bound: string | null; cells: Cell[] }[];
  confusions: ConfusionView[];
}

export interface ConfusionView {
  name: string;
  columns: string[];
  rows: { label: string; cells: ConfusionCell[] }[];
}

export interface ConfusionCell {
  text: string;
  /** The share of the row, for its shade; two decimals. */
  share: string;
  correct: boolean;
}

const columns: Column[] = [
  { title: "Before training", note: "Row 0: the base model" },
  { title: "Learning accuracy", note: "Directly after learning this task" },
  { title: "Final", note: "After the last task, by the strict scorer of the task" },
  { title: "Extracted", note: "Final score of the answer extracted from the text" },
  { title: "Valid format", note: "Share of final answers in the requested format" },
  { title: "Shifted", note: "Final score on templates and entities absent from training" },
  { title: "Items", note: "Test items per score" },
];

const classColumns: Column[] = [
  { title: "Precision", note: "Final macro precision" },
  { title: "Recall", note: "Final macro recall" },
];

export function taskViews({ run }: ReportData, entries: readonly Entry[]): TaskView[] {
  // Means over orders and seeds lead to the answers in the first order.
  const [first] = run.orders;
  const linkTo = (trainer: string, task: string) => (row: "before" | "learned" | "final") =>
    samplesLink(trainer, task, first?.name, rowIndex(first?.tasks ?? [], task, row));
  return run.suite.tasks.map((task) => {
    const classified = entries.some(({ matrices }) =>
      matrices.some(({ confusion }) => confusion[task.id] !== undefined),
    );
    return {
      id: task.id,
      anchor: `task-${anchorOf(task.id)}`,
      title: task.title,
      facts: factsOf(task, shortenedPrompts(entries, task.id)),
      columns: classified ? [...columns, ...classColumns] : columns,
      rows: entries
        .filter(({ matrices }) => matrices.length > 0)
        .map(({ name, bound, matrices, trainer }) => ({
          name,
          bound,
          cells: [
            ...scoreCells(matrices, task.id, trainer.schedule === "sequence", linkTo(name, task.id)),
            ...(classified ? classCells(matrices, task.id) : []),
          ],
        })),
      confusions: entries.flatMap(({ name, matrices }) => confusionView(name, matrices, task.id)),
    };
  });
}

function rowIndex(tasks: readonly string[], task: string, row: "before" | "learned" | "final"): number {
  return row === "before" ? 0 : row === "learned" ? tasks.indexOf(task) + 1 : tasks.length;
}

function factsOf({ language, scorer, maxNewTokens, sizes }: SuiteRecord["tasks"][number], shortened: number): string {
  const known = Object.entries(sizes).map(([part, size]) => `${count(size)} ${part}`);
  return [
    ...(language === undetermined ? [] : [languageName(language)]),
    `scored by ${scorer.name}`,
    ...(known.length === 0 ? [] : [`${list(known)} items`]),
    ...(maxNewTokens === undefined ? [] : [`answers of at most ${count(maxNewTokens)} tokens`]),
    ...(shortened === 0 ? [] : [`test prompts shortened to fit the model: ${count(shortened)}`]),
  ].join(" · ");
}

/** Test prompts of a task that were too long, for the trainer that read least. */
function shortenedPrompts(entries: readonly Entry[], task: string): number {
  return Math.max(0, ...entries.flatMap(({ matrices }) => matrices.map(({ shortened }) => shortened?.[task] ?? 0)));
}

/** The tag of a task whose data does not say its language, which is left out. */
const undetermined = "und";

/** The name of a language tag; what is no tag stays as it is. */
function languageName(tag: string): string {
  try {
    return tag === "code" ? tag : (new Intl.DisplayNames("en", { type: "language" }).of(tag) ?? tag);
  } catch {
    return tag;
  }
}

function scoreCells(
  matrices: readonly MatrixRecord[],
  task: string,
  stepwise: boolean,
  linkTo: (row: "before" | "learned" | "final") => string,
): Cell[] {
  const at = (rows: (matrix: MatrixRecord) => (number | null)[][], row: (column: number) => number) =>
    meanOf(
      matrices.map((matrix) => {
        const column = matrix.tasks.indexOf(task);
        return column < 0 ? null : rows(matrix).at(row(column))?.[column];
      }),
    );
  const scores = [
    at(
      ({ rows }) => rows,
      () => 0,
    ),
    stepwise
      ? at(
          ({ rows }) => rows,
          (column) => column + 1,
        )
      : null,
    at(
      ({ rows }) => rows,
      () => -1,
    ),
    at(
      ({ extracted }) => extracted,
      () => -1,
    ),
    at(
      ({ valid }) => valid,
      () => -1,
    ),
    at(
      ({ shifted }) => shifted,
      () => -1,
    ),
  ];
  const items = at(
    ({ n }) => n,
    () => -1,
  );
  const links = (["before", "learned", "final"] as const).map(linkTo);
  const cells = scores.map((score, index) => ({
    ...scoreCell(score),
    ...(score === null || links[index] === undefined ? {} : { link: links[index] }),
  }));
  return [...cells, { value: items, text: count(items) }];
}

function classCells(matrices: readonly MatrixRecord[], task: string): Cell[] {
  const found = matrices.map(({ confusion }) => confusion[task]);
  return [
    meanOf(found.map((record) => record?.macroPrecision)),
    meanOf(found.map((record) => record?.macroRecall)),
  ].map(scoreCell);
}

function scoreCell(value: number | null): Cell {
  return { value, text: points(value), ...(value === null ? { note: "not measured" } : {}) };
}

/** Counts summed over all cells: a row per reference label, a column per answer, the last one for answers that are no label. */
function confusionView(name: string, matrices: readonly MatrixRecord[], task: string): ConfusionView[] {
  const records = matrices.flatMap(({ confusion }) => confusion[task] ?? []);
  const labels = records[0]?.labels;
  if (labels === undefined) return [];
  const alike = records.filter((record) => record.labels.join() === labels.join());
  return [
    {
      name,
      columns: [...labels, "no label"],
      rows: labels.map((label, truth) => ({ label, cells: confusionRow(alike, truth, labels.length + 1) })),
    },
  ];
}

function confusionRow(records: readonly ConfusionRecord[], truth: number, width: number): ConfusionCell[] {
  const counts = Array.from({ length: width }, (_, answer) =>
    records.reduce((sum, record) => sum + (record.counts[truth]?.[answer] ?? 0), 0),
  );
  const total = counts.reduce((sum, value) => sum + value, 0);
  return counts.map((value, answer) => ({
    text: value === 0 ? missing : String(value),
    share: (total === 0 ? 0 : value / total).toFixed(2),
    correct: truth === answer,
  }));
}
