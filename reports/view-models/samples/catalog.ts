import type { RunRecord } from "../../../harness/contract/result.js";
import { seedsByOrder } from "../../../harness/metrics/statistics/clusters.js";
import type { Entry } from "../shared/entries.js";

/** What the sample viewer chooses from; questions and answers are shards. */
export interface SamplesView {
  trainers: string[];
  orders: { name: string; tasks: string[]; seeds: number[] }[];
  sets: SampleSet[];
  /** Ids of the finished cells of each trainer: by order, then by seed; "" where there is none. */
  cells: string[][][];
  /** Path from the page to the run directory. */
  base: string;
}

/** Questions of one task or probe. */
export interface SampleSet {
  dataset: "test" | "shifted" | "probe";
  id: string;
  title: string;
}

/** The viewer covers the trainers that have a finished cell. */
export function samplesView(
  { orders, cells, suite }: Pick<RunRecord, "orders" | "cells" | "suite">,
  entries: readonly Entry[],
  base: string,
): SamplesView {
  const shown = entries.filter(({ matrices }) => matrices.length > 0);
  const seeds = seedsByOrder(cells);
  const grid = orders.map(({ name, tasks }) => ({ name, tasks, seeds: seeds.get(name) ?? [] }));
  return {
    trainers: shown.map(({ name }) => name),
    orders: grid,
    sets: [
      ...suite.tasks.map(({ id, title }) => ({ dataset: "test" as const, id, title })),
      ...suite.probes.map(({ id, title }) => ({ dataset: "probe" as const, id, title: `${title} (probe)` })),
      ...suite.tasks.map(({ id, title }) => ({ dataset: "shifted" as const, id, title: `${title} (shifted)` })),
    ],
    cells: shown.map((entry) =>
      grid.map(({ name, seeds: own }) => own.map((seed) => finishedCell(entry, name, seed)?.id ?? "")),
    ),
    base,
  };
}

/** The finished cell of a trainer, if there is one. */
function finishedCell({ cells }: Entry, order: string, seed: number): Entry["cells"][number] | undefined {
  return cells.find((cell) => cell.order === order && cell.seed === seed && cell.matrix !== undefined);
}

/** The address of the viewer with these answers of a trainer; rows count from 0. */
export function samplesLink(trainer: string, set: string, order?: string, row?: number): string {
  const query = new URLSearchParams({
    trainer,
    set: `test/${set}`,
    ...(order === undefined ? {} : { order }),
    ...(row === undefined ? {} : { row: String(row) }),
  });
  return `#samples?${query}`;
}
