import type { RunRecord } from "../../harness/contract/result.js";
import { seedsByOrder } from "../../harness/metrics/clusters.js";
import type { Shards } from "../shards.js";
import { sampledSeeds, sampleSetViews } from "../view-models/samples/samples.js";
import type { Entry } from "../view-models/shared/entries.js";
import { SampleReader } from "./read.js";

/** Adds the samples of finished cells as shards, the first cell of each trainer first. */
export function writeSamples(directory: string, run: RunRecord, entries: readonly Entry[], shards: Shards): void {
  const reader = new SampleReader(directory, run.suite);
  const [seeds, shown] = [seedsByOrder(run.cells), sampledSeeds(run.orders.length, entries)];
  const finished = entries.map(({ cells }) =>
    cells.filter(({ matrix, order, seed }) => matrix !== undefined && seeds.get(order)!.indexOf(seed) < shown),
  );
  const ordered = [...finished.map((cells) => cells.slice(0, 1)), ...finished.map((cells) => cells.slice(1))].flat();
  for (const { id, matrix } of ordered) shards.add(`samples/${id}`, sampleSetViews(reader.read(id, matrix!)));
}
