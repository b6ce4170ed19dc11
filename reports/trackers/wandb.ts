import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { pathInside } from "../../harness/contract/files/foreign-path.js";
import { packageVersion, writeFileAtomically } from "../../harness/contract/files.js";
import type { Reporter } from "../../harness/contract/plugin.js";
import { plainNames } from "./names.js";
import { readTrackedRun, type TrackedCell, type TrackedRun } from "./tracked-run.js";
import { DataStore } from "./wandb-store.js";

/** Offline runs of Weights & Biases, as `wandb sync` uploads them: each cell is one of its runs. */
export const renderWandb: Reporter["render"] = async (runDirectory, outputDirectory, context) => {
  const tracked = readTrackedRun(runDirectory, context);
  return tracked.cells.flatMap((cell) => {
    const directory = pathInside(outputDirectory, `offline-run-${moment(cell.startTime)}-${cell.id}`);
    const store = pathInside(directory, `run-${cell.id}.wandb`);
    writeFileAtomically(store, recordsOf(tracked, cell, new DataStore()).bytes());
    const copies = cell.files.map((file) => {
      const copy = pathInside(directory, `files/${basename(file)}`);
      writeFileAtomically(copy, readFileSync(file));
      return copy;
    });
    return [store, ...copies];
  });
};

/** YYYYMMDD_HHMMSS */
const moment = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "_");

/** On which count a series is drawn. */
const axes = { row: "row", step: "training_step" } as const;

function recordsOf({ run }: TrackedRun, cell: TrackedCell, store: DataStore): DataStore {
  const seconds = cell.endTime === null ? 0 : Math.round((cell.endTime - cell.startTime) / 1000);
  store.add({ header: { version_info: { producer: `trace-bench ${packageVersion()}`, min_consumer: "0.0.0" } } });
  store.add({
    run: {
      run_id: cell.id,
      project: plainNames([run.suite.name], ".-")[0],
      run_group: run.id.slice(0, 128),
      job_type: cell.trainer.slice(0, 64),
      display_name: cell.name.slice(0, 128),
      notes: run.command,
      config: { update: items(cell.parameters) },
      start_time: { seconds: Math.floor(cell.startTime / 1000), nanos: (cell.startTime % 1000) * 1_000_000 },
    },
  });
  for (const name of Object.values(axes)) store.add({ metric: { name, options: { defined: true } } });
  for (const { name, axis } of cell.series) {
    store.add({ metric: { name, step_metric: axes[axis], options: { defined: true, step_sync: true } } });
  }
  let step = 0;
  for (const axis of ["row", "step"] as const) {
    for (const [at, values] of byPlace(cell.series.filter((series) => series.axis === axis))) {
      const known = { [axes[axis]]: at, ...values, _timestamp: cell.startTime / 1000, _runtime: 0, _step: step };
      store.add({ history: { item: items(known), step: { num: step++ } } });
    }
  }
  const last = Object.fromEntries(cell.series.map(({ name, points }) => [name, points.at(-1)!.value]));
  store.add({ summary: { update: items({ ...last, ...cell.summary, _runtime: seconds }) } });
  store.add({ files: { files: cell.files.map((file) => ({ path: basename(file), policy: atEnd })) } });
  if (cell.status !== "running") {
    store.add({ exit: { exit_code: cell.status === "done" ? 0 : 1, runtime: seconds } });
  }
  return store;
}

/** Of a file: uploaded when its run ends. */
const atEnd = 1;

/** Names as they are, though they have dots: one key each, not a path into an object. */
function items(values: Readonly<Record<string, unknown>>): object[] {
  return Object.entries(values).map(([key, value]) => ({ nested_key: [key], value_json: JSON.stringify(value) }));
}

/** The values of all series at each place, in order of places. */
function byPlace(series: TrackedCell["series"]): [number, Record<string, number>][] {
  const places = new Map<number, Record<string, number>>();
  for (const { name, points } of series) {
    for (const { at, value } of points) places.set(at, { ...places.get(at), [name]: value });
  }
  return [...places].sort(([a], [b]) => a - b);
}
