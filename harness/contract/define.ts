import type { MetricDefinition } from "./metric.js";
import type { OptionProperties, OptionsOf } from "./options.js";
import type { Scorer } from "./plugin.js";
import type { SuiteDefinition } from "./suite.js";
import type { TrainerDefinition } from "./trainer.js";

/** A definition whose functions get the types of its options from their schemas. */
export type Declared<Definition, Properties> = Omit<Definition, "options"> & {
  /** Its options, one by one: type, JSON schema, default and description in one. */
  options: Properties;
};

/** Declares a trainer; `needs` and `create` get typed options. */
export function defineTrainer<Properties extends OptionProperties>(
  trainer: Declared<TrainerDefinition<OptionsOf<Properties>>, Properties>,
): TrainerDefinition;
export function defineTrainer(trainer: Declared<TrainerDefinition, OptionProperties>): TrainerDefinition {
  return { ...trainer, options: { properties: trainer.options } };
}

/** Declares a suite; `load` gets typed options. */
export function defineSuite<Properties extends OptionProperties>(
  suite: Declared<SuiteDefinition<OptionsOf<Properties>>, Properties>,
): SuiteDefinition;
export function defineSuite(suite: Declared<SuiteDefinition, OptionProperties>): SuiteDefinition {
  return { ...suite, options: { properties: suite.options } };
}

/** Declares a scorer; `score` gets typed options. */
export function defineScorer<Properties extends OptionProperties>(
  scorer: Declared<Scorer<OptionsOf<Properties>>, Properties>,
): Scorer;
export function defineScorer(scorer: Declared<Scorer, OptionProperties>): Scorer {
  return { ...scorer, options: { properties: scorer.options } };
}

/** Declares a metric. */
export function defineMetric(metric: MetricDefinition): MetricDefinition {
  return metric;
}
