import { isAbsolute, relative } from "node:path";
import { pathInside } from "../../contract/files/foreign-path.js";
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
  const placeHere = (place: string): string => {
    const inside = relative(directory, place);
    return inside.startsWith("..") || isAbsolute(inside) ? place : pathInside(copy, inside);
  };
  const baseHere = (base: string): string => {
    if (base === model.there) return model.here;
    if (base.startsWith(`${model.there}::`)) {
      return [
        model.here,
        ...base
          .slice(model.there.length + 2)
          .split("::")
          .map(placeHere),
      ].join("::");
    }
    return base.split("::").map(placeHere).join("::");
  };
  return new Map(
    Object.entries(starts).map(([label, start]) => [label, { ...start, directory: copy, base: baseHere(start.base) }]),
  );
}
