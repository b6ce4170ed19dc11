import { pathToFileURL } from "node:url";
import type { RunConfig } from "../../contract/config.js";
import type { Checkpoint, ComputeSettings, EngineChoice, EngineDefinition } from "../../contract/engine.js";
import { BenchError } from "../../contract/errors.js";
import type { TrainerRecord } from "../../contract/result.js";
import type { Suite } from "../../contract/suite.js";
import { decoderVersion } from "../../images/decode.js";
import { resolveSpecifier } from "../../plugins/specifier.js";
import type { Registry } from "../../plugins.js";
import { modalitiesOf } from "./check-suite.js";
import { type DevicePlan, planDevices } from "./slots.js";

/** The engine of a run, as it is on this machine. */
export type PreparedEngine = Pick<EngineDefinition, "name" | "version" | "numerics">;

/** The engine of a run, where one opens its model, and what its cells compute on. */
export interface ChosenEngine {
  engine: PreparedEngine | undefined;
  devices: DevicePlan;
}

/**
 * The engine of a run: the one that the configuration names, or the first registered that opens the model on the device
 * with weights of the type. None where none opens it and no trainer asks for one.
 *
 * @throws UNKNOWN_NAME, DEVICE_UNAVAILABLE, CONFIG_INVALID, ENGINE_UNAVAILABLE; CAPABILITY_MISSING where a trainer asks for what engine or
 *   model lack.
 */
export async function chooseEngine(
  {
    engine: name,
    device,
    devicesPerCell,
    dtype: type,
    python,
  }: Pick<RunConfig, "engine" | "device" | "devicesPerCell" | "dtype" | "python">,
  checkpoint: Checkpoint | undefined,
  trainers: readonly TrainerRecord[],
  registry: Registry,
): Promise<ChosenEngine> {
  const engines = name === undefined ? registry.allEngines() : [registry.engine(name)];
  const dtype = type ?? "float32";
  const opening = engines.filter((engine) => capabilitiesOf(engine, checkpoint) !== undefined);
  const able = opening.filter(({ dtypes = ["float32"] }) => dtypes.includes(dtype));
  if (able.length === 0 && opening.length > 0) throw lacksType(opening, dtype, registry);
  const asking = trainers.flatMap(({ label, name: trainer, options }) => {
    const asked = registry.trainer(trainer).capabilities?.(options);
    return asked === undefined ? [] : [{ label, asked }];
  });
  if (able.length === 0 && (asking.length > 0 || name !== undefined)) {
    throw cannotOpen(engines, checkpoint, asking[0]?.label, registry);
  }
  const request = { device, ...(devicesPerCell && { devicesPerCell }), ...(python && { python }) };
  const { engine, devices } = await planDevices(request, able.length > 0 ? able : engines);
  if (able.length === 0) return { engine: undefined, devices };
  for (const { label, asked } of asking) {
    const missing = asked.filter((capability) => !capabilitiesOf(engine!, checkpoint)!.includes(capability));
    if (missing.length > 0) throw lacks(engine!, checkpoint!, label, asked, missing, registry);
  }
  return { engine: await preparedEngine(engine!, { dtype, python }, devices.slots[0]!), devices };
}

/**
 * An engine as it is on this machine, where it computes on the devices of a slot, which are of one kind.
 *
 * @throws ENGINE_UNAVAILABLE.
 */
export async function preparedEngine(
  engine: EngineDefinition,
  settings: ComputeSettings,
  slot: string,
): Promise<PreparedEngine> {
  const { name, version, numerics } = engine;
  const [device] = slot.split(",") as [string];
  return { name, version, numerics, ...(await engine.prepare?.({ ...settings, device })) };
}

/** What decides the bits of a run's cells besides its data: the engine's numerics and, for pictures, what decodes them. */
export async function numericsOf(
  { name, numerics }: Pick<EngineDefinition, "name" | "numerics">,
  suite: Pick<Suite, "tasks" | "probes" | "generalItems">,
): Promise<string> {
  const engine = `${name}:${numerics}`;
  return modalitiesOf(suite).includes("image") ? `${engine} ${await decoderVersion()}` : engine;
}

/** How a learner opens a model with the engine of a run. Undefined where the engine does not open models of its format. */
export async function engineChoice(
  name: string,
  directory: string,
  registry: Registry,
  settings: ComputeSettings = {},
): Promise<EngineChoice | undefined> {
  const checkpoint = await registry.modelFor(directory).open?.(directory);
  if (checkpoint === undefined || capabilitiesOf(registry.engine(name), checkpoint) === undefined) return undefined;
  const source = resolveSpecifier(registry.origin("engines", name)!);
  if (source.kind === "command") throw new BenchError("INTERNAL", `the engine "${name}" is no module`);
  const module = source.kind === "built-in" ? source.url : pathToFileURL(source.path).href;
  const { startsProcesses } = registry.engine(name);
  return { name, module, checkpoint, ...(startsProcesses && { startsProcesses }), ...settings };
}

/** The optional capabilities of an engine for a model that the model allows. */
function capabilitiesOf(engine: EngineDefinition, checkpoint: Checkpoint | undefined): readonly string[] | undefined {
  if (checkpoint === undefined || engine.open === undefined) return undefined;
  const offered = engine.capabilities?.(checkpoint);
  return offered?.filter((capability) => checkpoint.capabilities?.includes(capability) ?? true);
}

function lacksType(engines: readonly EngineDefinition[], dtype: string, registry: Registry): BenchError {
  const others = registry.allEngines().filter(({ dtypes }) => dtypes?.includes(dtype));
  const names = engines.map(({ name }) => `"${name}"`).join(", ");
  return new BenchError("CAPABILITY_MISSING", `the engine ${names} does not compute in ${dtype}`, {
    fix: others.length > 0 ? `Add --engine ${others[0]!.name}, or leave --dtype out.` : "Leave --dtype out.",
  });
}

function cannotOpen(
  engines: readonly EngineDefinition[],
  checkpoint: Checkpoint | undefined,
  trainer: string | undefined,
  registry: Registry,
): BenchError {
  const model =
    checkpoint === undefined
      ? "this model"
      : `models of the format "${checkpoint.format}" (${checkpoint.architecture})`;
  const who = engines.length === 1 ? `the engine "${engines[0]!.name}" does not open` : "no engine opens";
  const free = registry.allTrainers().filter(({ capabilities }) => capabilities === undefined);
  return new BenchError(
    "CAPABILITY_MISSING",
    `${who} ${model}${trainer === undefined ? "" : `, and the trainer "${trainer}" needs one`}`,
    {
      fix: `Use another model, load a plug-in with an engine for it${free.length > 0 ? `, or use a trainer that needs no engine: ${free.map(({ name }) => name).join(", ")}` : ""}.`,
    },
  );
}

function lacks(
  engine: EngineDefinition,
  checkpoint: Checkpoint,
  trainer: string,
  asked: readonly string[],
  missing: readonly string[],
  registry: Registry,
): BenchError {
  const others = registry.allEngines().filter((other) => {
    const offered = capabilitiesOf(other, checkpoint);
    return offered !== undefined && asked.every((capability) => offered.includes(capability));
  });
  return new BenchError(
    "CAPABILITY_MISSING",
    `the trainer "${trainer}" needs ${missing.join(", ")}, which the engine "${engine.name}" does not have for ${checkpoint.architecture}`,
    {
      fix:
        others.length > 0
          ? `Add --engine ${others[0]!.name}, or leave the trainer out.`
          : "Leave the trainer out, or use another model or engine; `bench list engines` shows which there are.",
    },
  );
}
