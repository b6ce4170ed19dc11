import { checkOptions } from "../../config/options.js";
import type { RunConfig } from "../../contract/config.js";
import type { Checkpoint } from "../../contract/engine.js";
import { toBenchError } from "../../contract/errors.js";
import type { InspectedModel, TextMeasure } from "../../contract/plugin.js";
import type { ModelRecord } from "../../contract/result.js";
import type { Suite } from "../../contract/suite.js";
import { resolveReference } from "../../hub.js";
import type { Registry } from "../../plugins.js";
import { type MeasuredSuite, measureAnswerLimits } from "../data/answer-limits.js";
import { withDataNotes } from "../data/data-notes.js";
import { checkSuite } from "./check-suite.js";

/** What the trainers of a run are given, whichever they are. */
export interface RunInputs {
  /** Checked, with what was found in its data among its notes. */
  suite: Suite;
  /** Versions of its scorers, by name. */
  scorers: Record<string, number>;
  /** The base model; it may have to be downloaded. */
  openModel(): Promise<OpenedModel>;
}

/** A base model, and a suite measured in its tokens. */
export interface OpenedModel {
  directory: string;
  record: ModelRecord;
  modalities: InspectedModel["modalities"];
  checkpoint: Checkpoint | undefined;
  measure: TextMeasure | undefined;
  measured: MeasuredSuite;
}

/** How a run gets its inputs. */
export type OpenInputs = (
  config: Pick<RunConfig, "suite" | "quick" | "strict" | "model" | "chat">,
  registry: Registry,
) => Promise<RunInputs>;

/**
 * Loads and checks the suite of a configuration.
 *
 * @param derive makes another suite of the loaded one, of another digest; it stays as it is unless given.
 * @throws whatever is wrong with the suite, its options or its data.
 */
export async function openInputs(
  config: Parameters<OpenInputs>[0],
  registry: Registry,
  derive: (suite: Suite) => Suite = (suite) => suite,
): Promise<RunInputs> {
  const loaded = derive(await loadSuite(config, registry));
  const scorers = checkSuite(loaded, registry);
  const suite = withDataNotes(loaded, config.strict === true);
  let model: Promise<OpenedModel> | undefined;
  const openModel = () => {
    if (model !== undefined) return model;
    model = openMeasured(config.model ?? suite.defaultModel, config.chat, suite, registry);
    model.catch(() => (model = undefined)); // another run of these inputs tries again
    return model;
  };
  return { suite, scorers, openModel };
}

/** The data of a suite. Throws what its options and its files are refused for. */
export async function loadSuite(config: Pick<RunConfig, "suite" | "quick">, registry: Registry): Promise<Suite> {
  const definition = registry.suite(config.suite.name);
  const options = checkOptions(definition.options, config.suite.options, `suite "${config.suite.name}"`);
  const location = config.suite.location === undefined ? {} : { location: config.suite.location };
  try {
    return await definition.load({ ...location, options, quick: config.quick });
  } catch (error) {
    throw toBenchError(error, "PLUGIN_FAILED");
  }
}

async function openMeasured(
  reference: string,
  chat: RunConfig["chat"],
  suite: Suite,
  registry: Registry,
): Promise<OpenedModel> {
  const { directory, revision } = await resolveReference(reference, "model");
  const format = registry.modelFor(directory);
  const { architecture, parameters, digest, modalities, chatTemplate, notes = [] } = await format.inspect(directory);
  const record: ModelRecord = { reference, digest, parameters, architecture };
  if (chatTemplate === true && chat !== "never") {
    record.chat = true;
    notes.push("prompts go through the model's chat template; `chat: never` leaves it out");
  }
  if (revision !== null) record.revision = revision;
  if (notes.length > 0) record.notes = notes;
  const measure = await format.measure?.(directory);
  return {
    ...{ directory, record, modalities, measure },
    checkpoint: await format.open?.(directory),
    measured: measureAnswerLimits(suite, measure),
  };
}
