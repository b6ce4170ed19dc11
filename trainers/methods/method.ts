import type { OptionProperties, OptionsOf } from "../../harness/contract/options.js";
import type { Modality } from "../../harness/contract/suite.js";
import type { Privileges, Schedule, SearchSpace } from "../../harness/contract/trainer.js";
import type { Capability } from "../engine/capabilities.js";
import type { TrainingOptions } from "../training/options.js";
import type { Strategy } from "../training/strategy.js";

/** A method that trains: a strategy on the one loop, and what it says of itself. */
export interface Method<Properties extends OptionProperties = OptionProperties> {
  /** What configurations and reports call it. */
  name: string;
  summary: string;
  /** Paper, section, or "baseline". */
  source: string;
  /** Changes whenever the same options would give other results. */
  version: number;
  schedule?: Schedule;
  /** True where its trainer is one of those that a run compares unless it names others. */
  default?: boolean;
  /** Defaults of the loop's options that differ for this method. */
  defaults?: Partial<TrainingOptions>;
  /** Its own options, one by one: type, JSON schema, default and description in one. */
  options: Properties;
  /** Which options are worth tuning, and where to look; its own and the loop's. */
  space?: SearchSpace;
  /** What the inputs of a suite may be made of; text and images when absent. A method that writes inputs itself takes text. */
  modalities?: readonly Modality[];
  /** The optional capabilities of an engine that it calls for; none where the core is enough. */
  capabilities?: readonly Capability[];
  /**
   * Vectors as long as the trained parameters that it holds at its peak beside weights, gradient and moments, over so many
   * tasks: anchors, importances, teachers. None when absent.
   */
  vectors?(tasks: number, options: OptionsOf<Properties>): number;
  /** What a training step costs relative to plain fine-tuning, over so many tasks, for estimates; 1 when absent. */
  effort?(tasks: number, options: OptionsOf<Properties>): number;
  /** How many times longer questions become by what it puts before them, in training as in testing; for estimates. 1 when absent. */
  reading?(options: OptionsOf<Properties>): number;
  /** What it uses besides the current task's data; nothing when absent. */
  needs?(options: OptionsOf<Properties>): Partial<Privileges>;
  /** Created for each learner, from checked options with their defaults. */
  strategy(options: OptionsOf<Properties>): Strategy;
}

/** A method with its options in a composition. */
export interface Member {
  method: Method;
  options: Record<string, unknown>;
}

/** Declares a method; `needs` and `strategy` get the types of its options from their schemas. */
export function defineMethod<Properties extends OptionProperties>(method: Method<Properties>): Method<Properties> {
  return method;
}
