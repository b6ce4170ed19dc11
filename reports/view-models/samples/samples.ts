import type { RunRecord } from "../../../harness/contract/result.js";
import { seedsByOrder, seedsPerOrder } from "../../../harness/metrics/clusters.js";
import type { Entry } from "../shared/entries.js";
import { shortened } from "../shared/format.js";

/** Index of the samples of each cell; the samples themselves are shards. */
export interface SamplesView {
  trainers: { name: string; anchor: string }[];
  /** Data of the script of the page. */
  catalog: {
    orders: string[];
    /** Of each order. */
    seeds: number[][];
    /** Number of seeds per order whose cells have samples in the report; the others are only in the files of the run. */
    sampled: number;
    /** Ids of each trainer's finished cells, order by order, seed by seed; "" where there is none. */
    cells: Record<string, string[]>;
    /** Path from the page to the run directory. */
    base: string;
  };
}

/** Some answers of one cell, set by set. */
export interface SampleSetView {
  title: string;
  /** Whether it is a task, and not a probe. */
  task: boolean;
  /** Count per outcome. */
  summary: string;
  items: SampleView[];
}

export interface SampleView {
  outcome: "forgotten" | "retained" | "gained" | "never correct";
  /** Whether the answer was correct after learning and is incorrect at the end. */
  lost: boolean;
  question: string;
  reference: string;
  /** `share` is the score of a set with graded scores. */
  answers: { when: string; text: string; correct: boolean; share?: string; evidence?: string }[];
}

/** An answer at one moment of the sequence. */
export interface Answer {
  row: number;
  text: string;
  /** Score on 0..1. */
  score: number;
  /** What the answer rests on, where the trainer says so. */
  evidence?: string[];
}

/** One question with the answers that were given to it, in the order of rows. */
export interface AnsweredQuestion {
  id: string;
  question: string;
  references: string[];
  answers: Answer[];
}

/** What a cell answered to some questions of a set. */
export interface SampledSet {
  title: string;
  task: boolean;
  /** Row after which the set was learned; 0 for probes. */
  learnedAt: number;
  questions: AnsweredQuestion[];
}

/** Minimum score of a correct answer; free text has graded scores. */
const correct = 0.5;

const limits = { question: 420, answer: 240 };

/** The trainers that have a finished cell. */
export function samplesView(
  { orders, cells }: Pick<RunRecord, "orders" | "cells">,
  entries: readonly Entry[],
  base: string,
): SamplesView {
  const shown = entries.filter(({ matrices }) => matrices.length > 0);
  const known = seedsByOrder(cells);
  const seeds = orders.map(({ name }) => known.get(name) ?? []);
  const places = Array.from({ length: seedsPerOrder(cells) }, (_, place) => place);
  const cellsOf = ({ cells }: Entry) => {
    const done = new Map(
      cells.flatMap(({ id, order, seed, matrix }) => (matrix === undefined ? [] : [[`${seed} ${order}`, id]])),
    );
    return orders.flatMap(({ name }, order) =>
      places.map((place) => done.get(`${seeds[order]![place]} ${name}`) ?? ""),
    );
  };
  return {
    trainers: shown.map(({ name, anchor }) => ({ name, anchor: `samples-${anchor}` })),
    catalog: {
      orders: orders.map(({ name }) => name),
      seeds,
      sampled: sampledSeeds(orders.length, shown),
      cells: Object.fromEntries(shown.map((entry) => [entry.name, cellsOf(entry)])),
      base,
    },
  };
}

/** As many seeds of an order as keep the cells that show samples within a thousand; at least one. */
export function sampledSeeds(orders: number, entries: readonly Entry[]): number {
  return Math.max(1, Math.floor(1000 / Math.max(1, orders * entries.length)));
}

/** Selected questions of each set with their answers. */
export function sampleSetViews(sets: readonly SampledSet[]): SampleSetView[] {
  return sets.flatMap(({ title, task, learnedAt, questions }) => {
    const items = chosen(questions, learnedAt, task ? 4 : 2).map((question) =>
      sampleView(question, learnedAt, isGraded(questions)),
    );
    return items.length === 0 ? [] : [{ title, task, summary: summaryOf(items), items }];
  });
}

/** Selects questions of different outcomes in turn, each in the order of ids. */
function chosen(questions: readonly AnsweredQuestion[], learnedAt: number, many: number): AnsweredQuestion[] {
  const outcomes = new Map<SampleView["outcome"], AnsweredQuestion[]>();
  for (const question of [...questions].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (question.answers.length === 0) continue;
    const outcome = outcomeOf(question, learnedAt);
    outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), question]);
  }
  const order = (["forgotten", "retained", "never correct", "gained"] as const).map(
    (outcome) => outcomes.get(outcome) ?? [],
  );
  const rounds = Array.from({ length: many }, (_, round) => order.flatMap((found) => found[round] ?? []));
  return rounds.flat().slice(0, many);
}

/** The change of the answer to a question between learning (or the start, for a probe) and the end. */
function outcomeOf({ answers }: AnsweredQuestion, learnedAt: number): SampleView["outcome"] {
  const then = answers.find(({ row }) => row === learnedAt) ?? answers[0]!;
  const end = answers.at(-1)!;
  if (end.score >= correct) return then.score >= correct ? "retained" : "gained";
  return then.score >= correct ? "forgotten" : "never correct";
}

function sampleView(item: AnsweredQuestion, learnedAt: number, graded: boolean): SampleView {
  const last = item.answers.at(-1)!.row;
  const moments: [number, string][] = [
    [0, "before training"],
    ...(learnedAt > 0 && learnedAt < last ? [[learnedAt, "after learning"] as [number, string]] : []),
    ...(last > 0 ? [[last, "final"] as [number, string]] : []),
  ];
  const outcome = outcomeOf(item, learnedAt);
  return {
    outcome,
    lost: outcome === "forgotten",
    question: shortened(item.question, limits.question),
    reference: shortened(item.references.join(" | "), limits.answer),
    answers: moments.flatMap(([row, when]) => {
      const answer = item.answers.find((candidate) => candidate.row === row);
      if (answer === undefined) return [];
      const { text, score, evidence } = answer;
      return [
        {
          when,
          text: shortened(text, limits.answer) || "(nothing)",
          correct: score >= correct,
          ...(evidence === undefined ? {} : { evidence: shortened(evidence.join(" | "), limits.answer) || "none" }),
          ...(graded ? { share: score.toFixed(2) } : {}),
        },
      ];
    }),
  };
}

function isGraded(questions: readonly AnsweredQuestion[]): boolean {
  return questions.some(({ answers }) => answers.some(({ score }) => score !== 0 && score !== 1));
}

function summaryOf(items: readonly SampleView[]): string {
  const outcomes = [...new Set(items.map(({ outcome }) => outcome))];
  return outcomes.map((outcome) => `${items.filter((item) => item.outcome === outcome).length} ${outcome}`).join(", ");
}
