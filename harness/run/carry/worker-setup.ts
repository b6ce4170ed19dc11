import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { BenchError } from "../../contract/errors.js";
import type { TrainerRecord } from "../../contract/result.js";
import type { Suite } from "../../contract/suite.js";
import { hubCache } from "../../hub/cache.js";
import { codeDigest, resolveSpecifier } from "../../plugins/specifier.js";
import { loadRegistry, type Registry } from "../../plugins.js";
import type { Start } from "../continuation/start.js";
import { numericsOf, preparedEngine } from "../plan/engine.js";
import type { WorkerSetup } from "../pool/messages.js";
import { getSource } from "./carried-source.js";
import type { ContentStore } from "./content-store.js";
import { type CellRequest, specifierHere } from "./request.js";

/** What carries out the cells of a request on this machine. */
export interface RequestHere {
  setup: Omit<WorkerSetup, "cancelled">;
  /** By the trainer's label, where cells go on from one of another run. */
  starts: ReadonlyMap<string, Start>;
}

/**
 * What a worker of this machine is started with for a request: data and model from the store, each compared with its
 * digest, once it is certain that plug-ins and engine are those of the run.
 *
 * @param scratch a directory of this process.
 * @param store its address.
 * @throws whatever differs here from where the run was planned.
 */
export async function workerSetup(
  request: CellRequest,
  contents: ContentStore,
  scratch: string,
  store: string,
): Promise<RequestHere> {
  const { isolate, plugins: given, ...setup } = request.setup;
  const plugins = given.map(specifierHere);
  const registry = await loadRegistry(plugins);
  for (const trainer of request.trainers) checkTrainer(trainer, registry);
  const suite = JSON.parse((await contents.get(request.suite)).toString("utf8")) as Suite;
  await checkEngine(request, registry, suite);
  const model = await modelHere(request, contents, registry, join(scratch, "model"));
  const directory = join(scratch, "run");
  const source = join(scratch, "source");
  const place = { there: request.model.directory, here: model };
  const starts = request.source && (await getSource(request.source, contents, source, place));
  const hidden = [directory, ...(starts === undefined ? [] : [source]), ...(isAbsolute(store) ? [store] : [])];
  const confinement = { policy: isolate, hidden, readable: [hubCache()] };
  const sharing = { store, run: request.run };
  return { setup: { ...setup, directory, plugins, suite, model, confinement, sharing }, starts: starts ?? new Map() };
}

/** Throws PLUGIN_INVALID where a trainer is another one here. */
function checkTrainer({ label, name, version, code, options }: TrainerRecord, registry: Registry): void {
  const own = registry.trainer(name).version;
  const ownCode = codeDigest(registry.sourcesOf(name, options).map((specifier) => resolveSpecifier(specifier)));
  if (own === version && ownCode === code) return;
  const what = own === version ? "its files differ" : `version ${version} in the run, ${own} here`;
  throw new BenchError("PLUGIN_INVALID", `the trainer "${label}" is another one on this machine: ${what}`, {
    fix: "Put the same files at the same path on all machines.",
  });
}

/** Throws ENGINE_UNAVAILABLE where the engine computes otherwise here. */
async function checkEngine({ setup, numerics }: CellRequest, registry: Registry, suite: Suite): Promise<void> {
  if (setup.engine === undefined) return;
  const engine = await preparedEngine(registry.engine(setup.engine), setup.compute, setup.device);
  const here = await numericsOf(engine, suite);
  if (here === numerics) return;
  throw new BenchError("ENGINE_UNAVAILABLE", `the run computes with ${numerics}, this machine with ${here}`, {
    fix: "Install the same versions on all machines.",
  });
}

/** The model's directory: the run's own path where this machine sees the same model there, else a copy from the store. */
async function modelHere(
  { model: { directory, digest, files } }: CellRequest,
  contents: ContentStore,
  registry: Registry,
  copy: string,
): Promise<string> {
  const digestAt = async (path: string) => (await registry.modelFor(path).inspect(path)).digest;
  if (existsSync(directory) && (await digestAt(directory).catch(() => undefined)) === digest) return directory;
  await contents.getTree(files, copy);
  if ((await digestAt(copy)) === digest) return copy;
  throw new BenchError("MODEL_INVALID", "the model that came from the store is not the run's: its digest differs", {
    fix: "A model whose files lie in several directories must be at the same path on all machines.",
  });
}
