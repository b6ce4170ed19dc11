/**
 * What plug-ins are written with: methods of continual learning on the loop that the built-in ones share, trainers,
 * suites, scorers and metrics. A plug-in imports it as `trace-bench/kit`, wherever its file is: bench provides the kit that it runs
 * with. Started by `bench new trainer my-method.mjs`.
 *
 * @module
 */
import type { Plugin } from "./harness/contract/plugin.js";
import type { Method } from "./trainers/methods/method.js";

export {
  type Declared,
  defineMetric,
  defineScorer,
  defineSuite,
  defineTrainer,
} from "./harness/contract/define.js";
export { BenchError } from "./harness/contract/errors.js";
export type * from "./harness/contract/metric.js";
export {
  anyType,
  mapOf,
  nullable,
  type OptionProperties,
  type OptionsOf,
  section,
  type TypedSchema,
} from "./harness/contract/options.js";
export type { Plugin, Score, Scorer } from "./harness/contract/plugin.js";
export { type RandomKey, type RandomStream, random } from "./harness/contract/random.js";
export * from "./harness/contract/suite.js";
export type * from "./harness/contract/trainer.js";
export { type SchemaBuilders, Type } from "./harness/contract/type.js";
export { completeSuite, type SuiteContent } from "./suites/complete-suite.js";
export { type Capability, capabilities } from "./trainers/engine/capabilities.js";
export type * from "./trainers/engine/contract.js";
export { defineMethod, type Method } from "./trainers/methods/method.js";
export { rateRange, strengthRange } from "./trainers/methods/ranges.js";
export {
  normalized,
  type PenaltyForm,
  penaltyOptions,
  QuadraticPenalty,
} from "./trainers/methods/regularization/quadratic-penalty.js";
export { balance } from "./trainers/training/balance.js";
export { type TrainingOptions, trainingOptions } from "./trainers/training/options.js";
export { noPrivileges } from "./trainers/training/privileges.js";
export { newRatioOption, pastSources } from "./trainers/training/rehearsal.js";
export { chooseMemories, type MemorySelection } from "./trainers/training/selection/memories.js";
export { cosine, inputEmbeddings, meanEmbedding } from "./trainers/training/similarity.js";
export { loadJson, loadVectors, saveJson, saveVectors } from "./trainers/training/state.js";
export type * from "./trainers/training/strategy.js";

/** Declares what a module offers; it exports the result as `plugin`. */
export function definePlugin(plugin: Omit<Plugin, "methods"> & { methods?: Method[] }): Plugin {
  return plugin;
}
