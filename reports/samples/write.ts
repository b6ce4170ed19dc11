import type { ExampleRecord } from "../../harness/contract/result.js";
import { groupBy } from "../../harness/metrics/statistics/clusters.js";
import { layout, openRunFiles, readExamples, readSamples } from "../../harness/run/store/store.js";
import type { Shards } from "../shards.js";
import { answersShard, questionEntries } from "../view-models/samples/answers.js";
import type { SamplesView } from "../view-models/samples/catalog.js";
import { thumbnails } from "./thumbnails.js";

/** Questions of a set that the viewer shows. */
const mostQuestions = 2000;

/** Characters of answers in a report, beyond which further seeds and orders are left out. */
const answersLimit = 24_000_000;

/** What of the samples is in the shards. */
export interface SampleCoverage {
  /** Number of questions of each set, how many of them are shown, and whether with pictures, which are a shard of their own. */
  questions: { total: number; shown: number; pictures?: true }[];
  /** By order, then by seed: whether the answers are included. */
  included: boolean[][];
}

/**
 * Adds questions and answers as shards: one per set, and one per set, order and seed with the answers of all trainers.
 * The first seed of every order comes first.
 */
export async function writeSamples(
  directory: string,
  { orders, sets, cells }: SamplesView,
  shards: Shards,
): Promise<SampleCoverage> {
  const keys = sets.map(({ dataset, id }) => keyOf({ dataset, set: id }));
  const files = openRunFiles(directory);
  const examples = groupBy(files.has(layout.examples) ? readExamples(files) : [], keyOf);
  const questions = keys.map((key) => examples.get(key) ?? []);
  const ids = questions.map((all) => all.slice(0, mostQuestions).map(({ id }) => id));
  questions.forEach((all, set) => {
    if (all.length > 0) shards.add(`samples/questions-${set}`, questionEntries(all.slice(0, mostQuestions)));
  });
  const pictured = new Set<number>();
  for (const [set, all] of questions.entries()) {
    const pictures = await thumbnails(directory, all.slice(0, mostQuestions));
    if (Object.keys(pictures).length === 0) continue;
    shards.add(`samples/pictures-${set}`, pictures);
    pictured.add(set);
  }
  const included = orders.map(({ seeds }) => seeds.map(() => false));
  const groups = orders.flatMap(({ seeds }, order) => seeds.map((_, place) => ({ order, place })));
  let size = 0;
  for (const { order, place } of groups.sort((a, b) => a.place - b.place)) {
    if (size > answersLimit) break;
    const records = cells.map((finished) => {
      const id = finished[order]![place]!;
      const stored = id !== "" && files.has(layout.samples(id));
      return groupBy(stored ? readSamples(files, id) : [], keyOf);
    });
    keys.forEach((key, index) => {
      const own = new Map(records.map((record, trainer) => [trainer, record.get(key) ?? []]));
      if ([...own.values()].every((list) => list.length === 0)) return;
      size += shards.add(`samples/answers-${order}-${place}-${index}`, answersShard(ids[index]!, own));
      included[order]![place] = true;
    });
  }
  return {
    questions: questions.map((all, set) => ({
      total: all.length,
      shown: ids[set]!.length,
      ...(pictured.has(set) && { pictures: true as const }),
    })),
    included,
  };
}

const keyOf = ({ dataset, set }: Pick<ExampleRecord, "dataset" | "set">): string => `${dataset}/${set}`;
