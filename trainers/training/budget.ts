import type { TaskData } from "../../harness/contract/trainer.js";
import type { TrainingOptions } from "./options.js";

/** The batch size in which suites state their recommended steps. */
const recommendedBatch = 16;
/** Most steps a task gets in a quick run, unless `steps` says otherwise. */
const quickSteps = 60;

/** Steps to train on one task's new items alone. */
export function stepsFor(data: TaskData, options: TrainingOptions, quick: boolean): number {
  if (options.steps !== null) return options.steps;
  const recommended = data.task.trainingSteps;
  const items = recommended === undefined ? options.epochs * data.train.length : recommended * recommendedBatch;
  const steps = Math.max(1, Math.round(items / options.batchSize));
  return quick ? Math.min(steps, quickSteps) : steps;
}

/** Steps in all when only `newShare` of the items are new: the same under total-tokens, more under new-tokens. */
export function budgetedSteps(newSteps: number, newShare: number, budget: TrainingOptions["budget"]): number {
  return budget === "total-tokens" ? newSteps : Math.ceil(newSteps / newShare);
}
