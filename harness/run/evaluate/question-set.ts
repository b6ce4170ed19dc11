import type { SampleRecord } from "../../contract/result.js";
import type { Example, TaskDescription } from "../../contract/suite.js";
import type { Decoding, GenerationRequest } from "../../contract/trainer.js";

/** Some questions of one task or probe. */
export interface QuestionSet {
  dataset: SampleRecord["dataset"];
  task: TaskDescription;
  examples: readonly Example[];
}

/** The task's id where the trainer declared that it comes with each question; a probe's never does. */
export function taskIdOf({ dataset, task }: QuestionSet, taskIdAtTest: boolean): { taskId?: string } {
  return taskIdAtTest && dataset !== "probe" ? { taskId: task.id } : {};
}

/** The requests and decoding that a set's questions become. */
export function requestsFor(
  set: QuestionSet,
  examples: readonly Example[],
  taskIdAtTest: boolean,
): { requests: GenerationRequest[]; decoding: Decoding } {
  const { maxNewTokens, stop } = set.task;
  const requests = examples.map(
    ({ input }, index): GenerationRequest => ({ id: String(index), input, ...taskIdOf(set, taskIdAtTest) }),
  );
  return { requests, decoding: stop === undefined ? { maxNewTokens } : { maxNewTokens, stop } };
}
