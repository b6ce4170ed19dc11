import { relative } from "node:path";
import { pathInside } from "../../contract/files/foreign-path.js";
import { isInside } from "../../plugins/isolation/paths.js";
import type { Start } from "../continuation/start.js";
import type { PlannedCell } from "../plan/cells.js";
import { layout } from "../store/store.js";
import type { ContentStore, Tree } from "./content-store.js";

/** What cells start from that go on from a cell of another run: files of that run, and how each trainer takes them up. */
export interface CarriedSource {
  /** Of the run, where the plan was made. */
  directory: string;
  files: Tree;
  /** By the trainer's label. */
  starts: Record<string, Omit<Start, "directory">>;
}

/** Puts what some cells go on from into a store; undefined where they begin at the beginning. */
export async function putSource(
  contents: ContentStore,
  cells: readonly PlannedCell[],
): Promise<CarriedSource | undefined> {
  const found = cells.flatMap(({ trainer, start }) => (start === undefined ? [] : [[trainer.label, start] as const]));
  if (found.length === 0) return undefined;
  const { directory, cell, row } = found[0]![1];
  const needed = [layout.journal, layout.examples, layout.samples(cell), layout.checkpoint(cell, row)];
  const isPart = (path: string, whole: string) => path === whole || path.startsWith(`${whole}/`);
  const files = await contents.putTree(directory, (path) =>
    needed.some((one) => isPart(path, one) || isPart(one, path)),
  );
  const starts = found.map(([label, { directory: _directory, ...start }]) => [label, start]);
  return { directory, files, starts: Object.fromEntries(starts) };
}

/**
 * How cells start on this machine, by the trainer's label. Models that lie neither in the run's model nor in the run that
 * they go on from must be at the same paths here.
 *
 * @param copy a directory for the files.
 * @param model its directory where the plan was made, and here.
 */
export async function getSource(
  { directory, files, starts }: CarriedSource,
  contents: ContentStore,
  copy: string,
  model: { there: string; here: string },
): Promise<ReadonlyMap<string, Start>> {
  await contents.getTree(files, copy);
  const placeHere = (place: string): string =>
    isInside(place, directory) ? pathInside(copy, relative(directory, place)) : place;
  const baseHere = (base: string): string => {
    const isOfModel = base === model.there || base.startsWith(`${model.there}::`);
    const rest = isOfModel ? base.slice(model.there.length) : base;
    const [first, ...adapters] = rest.split("::") as [string, ...string[]];
    return [isOfModel ? model.here : placeHere(first), ...adapters.map(placeHere)].join("::");
  };
  return new Map(
    Object.entries(starts).map(([label, start]) => [label, { ...start, directory: copy, base: baseHere(start.base) }]),
  );
}
