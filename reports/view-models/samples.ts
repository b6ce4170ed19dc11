import type { RunRecord } from "../../harness/contract/result.js";
import { seedsByOrder, seedsPerOrder } from "../../harness/metrics/clusters.js";
import type { Entry } from "./entries.js";
import { shortened } from "./format.js";

/** Where the samples of each cell are found; the cells' own samples are parts of the page that are loaded one by one. */
export interface SamplesView {
  trainers: { name: string; anchor: string }[];
  /** What the page's script chooses from. */
  catalog: {
    orders: string[];
    /** Of each order. */
    seeds: number[][];
    /** How many cells of an order, by its first seeds, show samples; the others' answers are in their files alone. */
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
  /** How many of each story. */
  summary: string;
  items: SampleView[];
}

export interface SampleView {
  story: "forgotten" | "kept" | "gained" | "never right";
  /** Whether it was right once and is not any more. */
  lost: boolean;
  question: string;
  reference: string;
  /** `share` is the score where the set is graded, and not right or wrong. */
  answers: { when: string; text: string; right: boolean; share?: string }[];
}

/** An answer at one moment of the sequence. */
export interface Answer {
  row: number;
  text: string;
  /** Score on 0..1. */
  score: number;
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

/** From here on an answer counts as right; scores of free text are shares. */
const right = 0.5;

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

/** A few questions of each set with what became of them. */
export function sampleSetViews(sets: readonly SampledSet[]): SampleSetView[] {
  return sets.flatMap(({ title, task, learnedAt, questions }) => {
    const items = chosen(questions, learnedAt, task ? 4 : 2).map((question) =>
      sampleView(question, learnedAt, isGraded(questions)),
    );
    return items.length === 0 ? [] : [{ title, task, summary: summaryOf(items), items }];
  });
}

/** A few questions with different stories, the first of each story in the order of ids, round after round. */
function chosen(questions: readonly AnsweredQuestion[], learnedAt: number, many: number): AnsweredQuestion[] {
  const stories = new Map<SampleView["story"], AnsweredQuestion[]>();
  for (const question of [...questions].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (question.answers.length === 0) continue;
    const story = storyOf(question, learnedAt);
    stories.set(story, [...(stories.get(story) ?? []), question]);
  }
  const order = (["forgotten", "kept", "never right", "gained"] as const).map((story) => stories.get(story) ?? []);
  const rounds = Array.from({ length: many }, (_, round) => order.flatMap((found) => found[round] ?? []));
  return rounds.flat().slice(0, many);
}

/** What became of a question between learning (or the start, for a probe) and the end. */
function storyOf({ answers }: AnsweredQuestion, learnedAt: number): SampleView["story"] {
  const then = answers.find(({ row }) => row === learnedAt) ?? answers[0]!;
  const end = answers.at(-1)!;
  if (end.score >= right) return then.score >= right ? "kept" : "gained";
  return then.score >= right ? "forgotten" : "never right";
}

function sampleView(item: AnsweredQuestion, learnedAt: number, graded: boolean): SampleView {
  const last = item.answers.at(-1)!.row;
  const moments: [number, string][] = [
    [0, "before"],
    ...(learnedAt > 0 && learnedAt < last ? [[learnedAt, "just learned"] as [number, string]] : []),
    ...(last > 0 ? [[last, "at the end"] as [number, string]] : []),
  ];
  const story = storyOf(item, learnedAt);
  return {
    story,
    lost: story === "forgotten",
    question: shortened(item.question, limits.question),
    reference: shortened(item.references.join(" | "), limits.answer),
    answers: moments.flatMap(([row, when]) => {
      const answer = item.answers.find((candidate) => candidate.row === row);
      if (answer === undefined) return [];
      const { text, score } = answer;
      return [
        {
          when,
          text: shortened(text, limits.answer) || "(nothing)",
          right: score >= right,
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
  const stories = [...new Set(items.map(({ story }) => story))];
  return stories.map((story) => `${items.filter((item) => item.story === story).length} ${story}`).join(", ");
}
