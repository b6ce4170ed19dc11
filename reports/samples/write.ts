import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ExampleRecord, SampleRecord } from "../../harness/contract/result.js";
import { layout, readExamples, readSamples } from "../../harness/run/store/store.js";
import type { Shards } from "../shards.js";
import { answersShard, questionEntries } from "../view-models/samples/answers.js";
import { finishedCell, type SampleSet, type SamplesView } from "../view-models/samples/catalog.js";
import type { Entry } from "../view-models/shared/entries.js";

/** Questions of a set that the viewer shows. */
const mostQuestions = 2000;

/** Characters of answers in a report, beyond which further seeds and orders are left out. */
const answersLimit = 24_000_000;

/** What of the samples is in the shards. */
export interface SampleCoverage {
  /** Number of questions of each set, and how many of them are shown. */
  questions: { total: number; shown: number }[];
  /** By order, then by seed: whether the answers are included. */
  included: boolean[][];
}

/**
 * Adds questions and answers as shards: one per set, and one per set, order and seed with the answers of all trainers.
 * The first seed of every order comes first.
 */
export function writeSamples(
  directory: string,
  { orders, sets }: SamplesView,
  entries: readonly Entry[],
  shards: Shards,
): SampleCoverage {
  const examples = groupBySet(existsSync(join(directory, layout.examples)) ? readExamples(directory) : []);
  const shown = entries.filter(({ matrices }) => matrices.length > 0);
  const questions = sets.map((set) => examples.get(keyOf(set)) ?? []);
  const ids = questions.map((all) => all.slice(0, mostQuestions).map(({ id }) => id));
  questions.forEach((all, set) => {
    if (all.length > 0) shards.add(`samples/questions-${set}`, questionEntries(all.slice(0, mostQuestions)));
  });
  const included = orders.map(({ seeds }) => seeds.map(() => false));
  const groups = orders.flatMap(({ name, seeds }, order) => seeds.map((seed, place) => ({ name, order, seed, place })));
  let size = 0;
  for (const { name, order, seed, place } of groups.sort((a, b) => a.place - b.place)) {
    if (size > answersLimit) break;
    const records = shown.map((entry) => {
      const cell = finishedCell(entry, name, seed);
      const stored = cell !== undefined && existsSync(join(directory, layout.samples(cell.id)));
      return groupBySet(stored ? readSamples(directory, cell.id) : []);
    });
    sets.forEach((set, index) => {
      const own = new Map(records.map((record, trainer) => [trainer, record.get(keyOf(set)) ?? []]));
      if ([...own.values()].every((list) => list.length === 0)) return;
      size += shards.add(`samples/answers-${order}-${place}-${index}`, answersShard(ids[index]!, own));
      included[order]![place] = true;
    });
  }
  return { questions: questions.map((all, set) => ({ total: all.length, shown: ids[set]!.length })), included };
}

function groupBySet<T extends Pick<ExampleRecord | SampleRecord, "dataset" | "set">>(records: readonly T[]) {
  const groups = new Map<string, T[]>();
  for (const record of records) {
    const key = keyOf({ dataset: record.dataset, id: record.set });
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [record]);
    else group.push(record);
  }
  return groups;
}

function keyOf({ dataset, id }: Pick<SampleSet, "dataset" | "id">): string {
  return `${dataset}/${id}`;
}
