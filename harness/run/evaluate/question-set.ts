import type { SampleRecord } from "../../contract/result.js";
import type { Example, TaskDescription } from "../../contract/suite.js";
import type { Decoding, GenerationRequest } from "../../contract/trainer.js";

/** Some questions of one task or probe. */
export interface QuestionSet {
  dataset: SampleRecord["dataset"];
  task: TaskDescription;
  examples: readonly Example[];
}

/** The requests and decoding that a set's questions become. */
export function requestsFor(
  set: QuestionSet,
  examples: readonly Example[],
  taskIdAtTest: boolean,
): { requests: GenerationRequest[]; decoding: Decoding } {
  const { maxNewTokens, stop } = set.task;
  const requests = examples.map((example, index) => {
    const request: GenerationRequest = { id: String(index), input: example.input };
    if (taskIdAtTest && set.dataset !== "probe") request.taskId = set.task.id;
    return request;
  });
  return { requests, decoding: stop === undefined ? { maxNewTokens } : { maxNewTokens, stop } };
}
