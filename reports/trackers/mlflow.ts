import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { sha256 } from "../../harness/contract/digest.js";
import { pathInside } from "../../harness/contract/files/foreign-path.js";
import { packages } from "../../harness/contract/packages.js";
import type { Reporter } from "../../harness/contract/plugin.js";
import type { CellStatus } from "../../harness/contract/result.js";
import { plainNames } from "./names.js";
import { readTrackedRun, type TrackedCell } from "./tracked-run.js";

/**
 * A file store of MLflow: the run is an experiment, each of its cells a run with parameters, metrics by row or step,
 * tags and artifacts. MLflow 3.7 and later open it with MLFLOW_ALLOW_FILE_STORE=true, or after `mlflow migrate-filestore`.
 */
export const renderMlflow: Reporter["render"] = async (runDirectory, outputDirectory, context) => {
  const { run, cells } = readTrackedRun(runDirectory, context);
  const root = resolve(outputDirectory);
  const experiment = experimentId(run.id);
  const created = Date.parse(run.createdAt);
  const meta = writeYaml(pathInside(root, `${experiment}/meta.yaml`), {
    artifact_location: pathToFileURL(pathInside(root, experiment)).href,
    creation_time: created,
    experiment_id: experiment,
    last_update_time: created,
    lifecycle_stage: "active",
    name: `${run.suite.name} ${run.id}`,
  });
  return [meta, ...cells.flatMap((cell) => writeRun(root, experiment, cell, { command: run.command, run: run.id }))];
};

/** The database that a file store can be moved to wants a number: 18 digits, as MLflow's own. */
const experimentId = (run: string): string => (BigInt(`0x${sha256(run).slice(0, 16)}`) % 10n ** 18n).toString();

/** @returns the paths of the files. */
function writeRun(
  root: string,
  experiment: string,
  cell: TrackedCell,
  { command, run }: { command: string; run: string },
): string[] {
  const directory = pathInside(root, `${experiment}/${cell.id}`);
  const at = (name: string): string => pathInside(directory, name);
  for (const part of ["metrics", "params", "tags", "artifacts"]) mkdirSync(at(part), { recursive: true }); // else no run
  const meta = writeYaml(at("meta.yaml"), {
    artifact_uri: pathToFileURL(at("artifacts")).href,
    end_time: cell.endTime,
    entry_point_name: "",
    experiment_id: experiment,
    lifecycle_stage: "active",
    run_id: cell.id,
    run_name: cell.name,
    run_uuid: cell.id,
    source_name: "",
    source_type: local,
    source_version: "",
    start_time: cell.startTime,
    status: statuses[cell.status],
    tags: [],
    user_id: "",
  });
  const finals = Object.entries(cell.summary).map(([name, value]) => ({ name, points: [{ at: 0, value }] }));
  const metrics = [...cell.series, ...finals];
  const parameters = Object.entries(cell.parameters);
  const tags = { "mlflow.runName": cell.name, "bench.command": command, "bench.run": run, "bench.status": cell.status };
  return [
    meta,
    ...named(metrics.map(({ name }) => name)).map((name, index) => {
      const lines = metrics[index]!.points.map(({ at: step, value }) => `${cell.startTime} ${value} ${step}\n`);
      return write(at(`metrics/${name}`), lines.join(""));
    }),
    ...named(parameters.map(([name]) => name)).map((name, index) =>
      write(at(`params/${name}`), cut(String(parameters[index]![1]), 6000)),
    ),
    ...Object.entries(tags).map(([name, value]) => write(at(`tags/${name}`), cut(value, 8000))),
    ...cell.files.map((file) => write(at(`artifacts/${basename(file)}`), readFileSync(file))),
  ];
}

/** Names of metrics and parameters as MLflow allows them: letters, digits and a few others. A first `/` makes a folder. */
function named(names: readonly string[]): string[] {
  const flat = names.map((name) => name.replace(/(?<=\/.*)\//gs, "_"));
  return plainNames(flat, " ./-");
}

/** Longer values are not taken by MLflow's databases; run.json among the artifacts has them whole. */
const cut = (value: string, most: number): string =>
  value.length <= most ? value : `${value.slice(0, most - 40)}… (cut, whole in artifact run.json)`;

const writeYaml = (path: string, content: object): string =>
  write(path, packages.yaml.stringify(content, { version: "1.1" })); // as PyYAML reads it

/** Replaces a file, without waiting for the disk: there are hundreds, and what is lost can be exported again. */
function write(path: string, content: string | Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true }); // a link there is not followed
  writeFileSync(path, content, { flag: "wx" });
  return path;
}

/** Source type LOCAL, and the states of runs, by the numbers of MLflow's service.proto. */
const local = 4;
const statuses: Record<CellStatus, number> = { running: 1, pending: 2, done: 3, failed: 4, cancelled: 5 };
