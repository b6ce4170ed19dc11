import { basename, join, relative, resolve } from "node:path";
import { checkOptions } from "../../config/options.js";
import type { RunConfig } from "../../contract/config.js";
import { BenchError } from "../../contract/errors.js";
import type { Confinement } from "../../contract/isolation.js";
import { mapStrings, redactAddress, redactCredentials } from "../../contract/redact.js";
import type { RunRecord, TrainerRecord } from "../../contract/result.js";
import type { Suite } from "../../contract/suite.js";
import { codeDigest, resolveSpecifier } from "../../plugins/specifier.js";
import type { Registry } from "../../plugins.js";
import { openSource } from "../continuation/source.js";
import { checkEngine, continuedConfig, continuedOrder, startsOf } from "../continuation/start.js";
import { readRunRecord } from "../store/store.js";
import { gridCells, type PlannedCell } from "./cells.js";
import { checkModalities, checkNeeds, recordSuite, takersOf } from "./check-suite.js";
import { checkIsolation, confinementOf } from "./confinement.js";
import { type Elsewhere, elsewhereOf } from "./elsewhere.js";
import { chooseEngine, numericsOf } from "./engine.js";
import { estimateRun, type RunEstimate } from "./estimate.js";
import { type CellDigestInput, configDigest } from "./identity.js";
import { type OpenInputs, openInputs } from "./inputs.js";
import { machineHere } from "./machine.js";
import { machineSpeed } from "./machine-speed.js";
import { type MemoryPlan, planMemory } from "./memory.js";
import { ordersOf } from "./orders.js";
import { pinReferences } from "./pin-references.js";
import { crossedSeeds, seedsOf } from "./seeds.js";
import type { DevicePlan } from "./slots.js";

const workerKinds = ["methods", "trainers", "scorers", "models", "engines"] as const;

/** Everything that a run will do, checked before anything runs. */
export interface RunPlan {
  /** Absolute path of the run directory. */
  directory: string;
  config: RunConfig;
  record: RunRecord;
  suite: Suite;
  /** Directory of the base model. */
  model: string;
  /** Name of the engine that computes; undefined where none opens the model. */
  engine: string | undefined;
  devices: DevicePlan;
  /** What the processes of plug-ins may see. */
  confinement: Confinement;
  /** What workers load: the plug-ins of the registry that learn or score. */
  plugins: string[];
  /** In the order in which they start: long ones first. */
  cells: PlannedCell[];
  estimate: RunEstimate;
  memory: MemoryPlan;
  /** Whether a run in the directory whose cells are some of these is extended; it is refused otherwise. */
  mayExtend?: boolean;
  /** Where the cells are carried out; absent where that is this process. */
  elsewhere?: Elsewhere;
  /** What is said as it starts, such as what was left out while reading a run that is continued. */
  notices: string[];
}

/**
 * Resolves a configuration: loads the suite, checks model, device and options, crosses trainers × orders × seeds.
 *
 * @param plugins specifiers of the registry's plug-ins.
 * @param command what repeats this run; the command line of this process unless given.
 * @param open loads what trainers are given; from the configuration alone unless given.
 * @throws BenchError for everything that is wrong with configuration, data, model or device; ISOLATION_UNAVAILABLE.
 */
export async function planRun(
  given: RunConfig,
  registry: Registry,
  plugins: readonly string[],
  command: string = commandLine(),
  open: OpenInputs = openInputs,
): Promise<RunPlan> {
  const source = given.fromCheckpoint === undefined ? undefined : openSource(given.fromCheckpoint);
  const config = source === undefined ? given : continuedConfig(given, source);
  const trainers = await Promise.all(config.trainers.map((trainer) => recordTrainer(trainer, registry)));
  const { suite: checked, scorers, openModel } = await open(config, registry);
  checkNeeds(checked, trainers, registry);
  const orders = source === undefined ? ordersOf(checked, config.orders) : [continuedOrder(checked, source)];
  const model = await openModel();
  checkModalities(
    checked,
    trainers.flatMap((trainer) => takersOf(trainer, registry)),
    { name: `the model ${model.record.reference}`, modalities: model.modalities },
  );
  if (config.devicesPerCell !== undefined && model.modalities?.includes("image")) {
    throw new BenchError("CAPABILITY_MISSING", "no engine divides a model that takes images between devices", {
      fix: "Leave --devices-per-cell out.",
    });
  }
  const { suite, limits } = model.measured;
  const continuation = source && (await startsOf(source, trainers, model, registry));
  const { engine, devices } = await chooseEngine(config, model.checkpoint, trainers, registry);
  checkIsolation(config, trainers, engine?.name, registry);
  if (source !== undefined && continuation!.record.restored.length > 0) checkEngine(source, engine?.name);
  const digestInput: CellDigestInput = {
    suite: suite.digest,
    model: model.record.digest,
    scorers,
    numerics: engine === undefined ? "none" : await numericsOf(engine, suite),
    device: devices.device,
    threads: config.threads,
    quick: config.quick,
    answerLimits: Object.keys(limits).length === 0 ? undefined : limits,
    observation: config.observation,
    chat: model.record.chat,
    source: source && { cell: source.cell.id, checkpoint: source.digest },
  };
  const locate = (seeds: readonly number[][]) => {
    const digest = configDigest(digestInput, trainers, orders, seeds);
    const id = `${suite.name}-${digest.slice(0, 8)}`;
    return { seeds, digest, id, directory: resolve(config.out ?? join("runs", id)) };
  };
  const { seeds, digest, id, directory } = chooseSeeds(config.seeds, orders.length, locate);
  const cells = gridCells(digestInput, trainers, orders, seeds, continuation?.starts);
  const workers = devices.slots.length === 1 ? config.workers : devices.slots.length;
  const device = devices.device.split(",")[0]!; // those of a cell are of one kind
  const memory = planMemory(
    {
      ...{ config: { workers, device }, suite, trainers, cells: cells.map(({ record }) => record) },
      ...{ parameters: model.record.parameters, checkpoint: model.checkpoint },
      ...{ engine: engine && registry.engine(engine.name), imageTokens: model.measure?.image },
    },
    registry,
    config.on === undefined ? undefined : Number.POSITIVE_INFINITY,
  );
  const elsewhere = elsewhereOf(config, devices, directory, memory, registry);
  const fitting = { ...config, workers: memory.workers };
  const { host: _host, ...environment } = machineHere();
  const record: RunRecord = {
    schema: "run@1",
    id,
    createdAt: new Date().toISOString(),
    command: redactCredentials(command),
    suite: recordSuite(suite, config.suite.location),
    model: { ...model.record, reference: redactCredentials(model.record.reference) },
    trainers,
    orders,
    seeds: [...new Set(seeds.flat())],
    cells: cells.map((cell) => cell.record),
    quick: config.quick,
    configDigest: digest,
    numerics: digestInput.numerics,
    ...(continuation === undefined ? {} : { source: continuation.record }),
    environment: {
      ...environment,
      ...(engine === undefined ? {} : { [`engine ${engine.name}`]: engine.version }),
      device: devices.device,
      threads: config.threads,
      workers: fitting.workers,
    },
    config: recordConfig(fitting),
  };
  const efforts = Object.fromEntries(
    trainers.map(({ label, name, options }) => [label, registry.trainer(name).effort?.(options, suite.tasks.length)]),
  );
  const estimate = await estimateRun({
    ...{ directory, config: fitting, record, suite, cells, efforts },
    imageTokens: model.measure?.image,
    speed: async () => engine && machineSpeed(registry.engine(engine.name), devices.device),
  });
  cells.sort((a, b) => estimate.cells[b.record.id]! - estimate.cells[a.record.id]!);
  return {
    directory,
    config: fitting,
    record,
    suite,
    model: model.directory,
    engine: engine?.name,
    devices,
    confinement: confinementOf(config, directory, record.source?.directory, registry),
    plugins: plugins.filter((plugin) => workerKinds.some((kind) => registry.namesOf(kind, plugin).length > 0)),
    cells,
    estimate,
    memory,
    ...(elsewhere === undefined ? {} : { elsewhere }),
    notices: source?.notices ?? [],
  };
}

/** The configuration as it is stored: addresses and credentials that are secrets stay out of the run's directory. */
function recordConfig(config: RunConfig): RunRecord["config"] {
  const { alerts, ...others } = config;
  const stored = mapStrings(others, redactCredentials);
  if (alerts?.webhook === undefined) return alerts === undefined ? stored : { ...stored, alerts };
  return { ...stored, alerts: { ...alerts, webhook: { ...alerts.webhook, url: redactAddress(alerts.webhook.url) } } };
}

/** The seeds that a configuration means; those of every order alike where a run of an earlier version has them stored. */
function chooseSeeds<Found extends { digest: string; directory: string }>(
  seeds: number | number[],
  orders: number,
  locate: (seeds: readonly number[][]) => Found,
): Found {
  if (typeof seeds === "number" && orders > 1) {
    const crossed = locate(seedsOf(crossedSeeds(seeds), orders));
    if (readRunRecord(crossed.directory)?.configDigest === crossed.digest) return crossed;
  }
  return locate(seedsOf(seeds, orders));
}

async function recordTrainer(config: RunConfig["trainers"][number], registry: Registry): Promise<TrainerRecord> {
  const { name, version, source, schedule, deterministic, options: schema, needs } = registry.trainer(config.name);
  const options = await pinReferences(schema, checkOptions(schema, config.options, `trainer "${config.label}"`));
  const code = codeDigest(registry.sourcesOf(name, options).map((specifier) => resolveSpecifier(specifier)));
  return {
    ...{ label: config.label, name, version, source, code, schedule, options, privileges: needs(options) },
    ...(deterministic === true && { deterministic }),
  };
}

/** The command of this process as a shell would take it: `bench`, or the program that uses it. */
function commandLine(): string {
  const [, script = "", ...words] = process.argv;
  const program = /^bench(\.js)?$/.test(basename(script)) ? ["bench"] : ["node", relative(process.cwd(), script)];
  const quote = (word: string) => (/^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  return [...program, ...words].map(quote).join(" ");
}
