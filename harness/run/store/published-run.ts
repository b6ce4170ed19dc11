import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { BenchError } from "../../contract/errors.js";
import { sealed } from "../../contract/files/seal.js";
import { mapStrings, redactCredentials, redactPaths } from "../../contract/redact.js";
import type { CostRecord, CurvesRecord, MatrixRecord, RunRecord } from "../../contract/result.js";
import { checkRecord } from "./check-record.js";
import { checkCurves, checkMatrix, checkRun } from "./check-results.js";
import { layout, readRun, readSealedJson } from "./store.js";

/** `runs/<id>.json` next to a leaderboard: a run with its matrices and costs, without answers and checkpoints. */
export interface PublishedRun {
  schema: "published-run@1";
  run: RunRecord;
  /** By cell id; finished cells only. */
  matrices: Record<string, MatrixRecord>;
  costs: Record<string, CostRecord>;
  /** Of the cells that were measured within tasks; absent where there are none. */
  curves?: Record<string, CurvesRecord>;
}

/** A run to make a leaderboard of, and where it was found. */
export type MeasuredRun = Omit<PublishedRun, "schema"> & {
  directory: string;
  /** What was left out while reading, and what no digest protects. */
  notices: string[];
};

const folder = "runs";

/** The file of a run, relative to the leaderboard's directory. */
export function publishedPath(run: Pick<RunRecord, "id">): string {
  return `${folder}/${run.id}.json`; // an id is one part of a path: the schema of a run says so
}

/** A text without the absolute paths of this machine and without credentials. */
export const publicText = (text: string): string => redactPaths(redactCredentials(text));

/** A run as others may see it: without the absolute paths of this machine and without credentials. */
export const publicRun = (measured: MeasuredRun): MeasuredRun => ({
  ...measured,
  run: mapStrings(measured.run, publicText),
});

/** The text of `runs/<id>.json`. */
export function publishedText({ run, matrices, costs, curves = {} }: MeasuredRun): string {
  const within = Object.keys(curves).length === 0 ? {} : { curves };
  const record: PublishedRun = { schema: "published-run@1", run, matrices, costs, ...within };
  return `${sealed(JSON.stringify(record))}\n`;
}

/**
 * The runs in a directory: a run directory is one; a leaderboard's directory has as many as were merged into it.
 *
 * @throws STORAGE where there is neither, DATA_INVALID where a file is damaged.
 */
export function readMeasuredRuns(directory: string): MeasuredRun[] {
  if (existsSync(join(directory, layout.run))) return [readRun(directory)];
  const runs = publishedRuns(directory);
  if (runs.length > 0) return runs;
  throw new BenchError("STORAGE", `${directory} contains neither a run nor a leaderboard`, {
    fix: "Give directories that `bench run` or `bench leaderboard` printed.",
    at: { file: directory },
  });
}

/** The names of the runs in a leaderboard's directory, relative to it; none where it is no such directory. */
export function publishedPaths(directory: string): string[] {
  const place = join(directory, folder);
  const names = existsSync(place) ? readdirSync(place).filter((name) => name.endsWith(".json")) : [];
  return names.sort().map((name) => `${folder}/${name}`);
}

/** The runs in a leaderboard's directory; none where it is no such directory. */
export function publishedRuns(directory: string): MeasuredRun[] {
  return publishedPaths(directory).map((path) => {
    const file = join(directory, path);
    const { record, isProtected } = readSealedJson<PublishedRun>(file);
    const { schema, ...published } = checkPublished(record, file);
    return { ...published, directory: dirname(file), notices: isProtected ? [] : [unprotectedNotice(file)] };
  });
}

const unprotectedNotice = (file: string): string =>
  `${file} is of a version of bench that stored no digest: if someone changed its results, nothing shows it`;

/** A published run is anyone's: its parts are checked by their schemas. Throws DATA_INVALID. */
function checkPublished(published: PublishedRun, file: string): PublishedRun {
  if (published?.schema !== "published-run@1") {
    throw new BenchError(
      "DATA_INVALID",
      `this is no published run (its schema is ${JSON.stringify(published?.schema)})`,
      {
        fix: "Remove the file, or make the leaderboard with the version of bench that wrote it.",
        at: { file },
      },
    );
  }
  checkRun(published.run, file);
  const known = new Set(published.run.cells.map(({ id }) => id));
  for (const [schema, records] of Object.entries({
    matrix: published.matrices,
    cost: published.costs,
    curves: published.curves ?? {},
  })) {
    for (const [cell, record] of Object.entries(records)) {
      if (!known.has(cell)) {
        throw new BenchError("DATA_INVALID", `it holds a ${schema} of a cell that its run does not plan`, {
          fix: "Remove the file, or publish the run again.",
          at: { file },
        });
      }
      checkRecord(schema, record, file);
    }
  }
  for (const cell of published.run.cells) {
    const [matrix, cost] = [published.matrices[cell.id], published.costs[cell.id]];
    if ((matrix === undefined) !== (cost === undefined)) {
      throw new BenchError("DATA_INVALID", `cell ${cell.id} lacks its matrix or its cost`, {
        fix: "Remove the file, or publish the run again.",
        at: { file },
      });
    }
    if (matrix !== undefined) checkMatrix(matrix, published.run, cell, file);
    const curves = published.curves?.[cell.id];
    if (curves !== undefined) checkCurves(curves, published.run, cell, file);
  }
  return published;
}
