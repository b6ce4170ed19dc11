import { basename, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BenchError } from "../../contract/errors.js";
import { pathInside } from "../../contract/files/foreign-path.js";
import { packageRoot, packageVersion } from "../../contract/files.js";
import type { CellRecord, TrainerRecord } from "../../contract/result.js";
import type { RunPlan } from "../plan/plan.js";
import type { WorkerSetup } from "../pool/messages.js";
import { checkRecord } from "../store/check-record.js";
import { parsed } from "../store/file-content.js";
import { type CarriedSource, putSource } from "./carried-source.js";
import type { ContentStore, Tree } from "./content-store.js";

/** What a worker of another machine is started with: all that it needs to carry out some cells of a run, by digests. */
export interface CellRequest {
  schema: "cell-request@1";
  /** Of bench; another one is refused, since its results may differ. */
  version: string;
  /** The run's place in the store: digest of the configuration that it began with. */
  run: string;
  numerics: string;
  /** SHA-256 of the suite's JSON. */
  suite: string;
  model: { directory: string; digest: string; files: Tree };
  /** Where cells go on from one of another run. */
  source?: CarriedSource;
  setup: Pick<
    WorkerSetup,
    "engine" | "compute" | "device" | "threads" | "quick" | "alerts" | "observation" | "chat" | "plugins"
  > & { isolate: WorkerSetup["confinement"]["policy"] };
  trainers: TrainerRecord[];
  /** Name → task ids. */
  orders: Record<string, string[]>;
  cells: CellRecord[];
  keepCheckpoints: "last" | "all" | "none";
}

/** What all requests of a run share, in a store. */
export type SharedParts = Pick<CellRequest, "suite" | "model" | "source">;

/** Puts data and model of a run, and what it goes on from, into a store. Dot files of the model's directory, such as `.git`, are left out. */
export async function putShared(
  contents: ContentStore,
  { record, cells }: RunPlan,
  { suite, model }: Omit<WorkerSetup, "cancelled">,
): Promise<SharedParts> {
  const files = await contents.putTree(model, (path) => !basename(path).startsWith("."));
  const source = await putSource(contents, cells);
  return {
    suite: await contents.put(JSON.stringify(suite)),
    model: { directory: model, digest: record.model.digest, files },
    ...(source !== undefined && { source }),
  };
}

/** What the workers of a run are started with, whose results meet in a store. */
export type SharedSetup = Omit<WorkerSetup, "cancelled"> & Required<Pick<WorkerSetup, "sharing">>;

/** Puts a request for some cells into a store. Returns its digest. */
export async function putRequest(
  contents: ContentStore,
  plan: RunPlan,
  setup: SharedSetup,
  shared: SharedParts,
  cells: readonly CellRecord[],
): Promise<string> {
  const { engine, compute, device, threads, quick, alerts, observation, chat, confinement, sharing } = setup;
  const { record } = plan;
  const request: CellRequest = {
    schema: "cell-request@1",
    version: packageVersion(),
    run: sharing.run,
    numerics: record.numerics,
    ...shared,
    setup: {
      ...{ engine, compute, device, threads, quick, alerts, observation, chat },
      plugins: setup.plugins.map(portable),
      isolate: confinement.policy,
    },
    trainers: record.trainers,
    orders: Object.fromEntries(record.orders.map(({ name, tasks }) => [name, tasks])),
    cells: [...cells],
    keepCheckpoints: plan.config.keepCheckpoints,
  };
  return contents.put(JSON.stringify(request));
}

/** Throws DATA_INVALID, CONFIG_INVALID where it is of another version of bench. */
export async function readRequest(contents: ContentStore, digest: string): Promise<CellRequest> {
  const place = `request ${digest}`;
  const request = checkRecord<CellRequest>(
    "cell-request",
    parsed((await contents.get(digest)).toString("utf8"), place),
    place,
  );
  const own = packageVersion();
  if (request.version === own) return request;
  throw new BenchError("CONFIG_INVALID", `the run is of bench ${request.version}, this machine has bench ${own}`, {
    fix: "Install the same version on all machines.",
  });
}

const builtIn = "bench:";

/** A plug-in as another machine finds it: files of this package by their path in it. */
function portable(specifier: string): string {
  if (!specifier.startsWith("file:")) return specifier;
  return `${builtIn}${relative(packageRoot, fileURLToPath(specifier)).split(sep).join("/")}`;
}

/** The specifier of a portable one on this machine. */
export function specifierHere(plugin: string): string {
  if (!plugin.startsWith(builtIn)) return plugin;
  return pathToFileURL(pathInside(packageRoot, plugin.slice(builtIn.length))).href;
}
