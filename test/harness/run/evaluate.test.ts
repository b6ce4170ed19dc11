import { expect, test } from "vitest";
import type { Example, TaskDescription } from "../../../harness/contract/suite.js";
import type { Learner } from "../../../harness/contract/trainer.js";
import { evaluate } from "../../../harness/run/evaluate/evaluate.js";
import { scorers } from "../../../harness/score/index.js";

const context = {
  scorer: (name: string) => scorers.find((scorer) => scorer.name === name)!,
  taskIdAtTest: false,
  progress: () => {},
};

const example = (id: string, text: string, references: string[], choices?: string[]): Example => ({
  id,
  input: [{ type: "text", text }],
  references,
  ...(choices === undefined ? {} : { choices }),
});

/** A learner that answers from a table of inputs. */
function answering(answers: Record<string, string>): Learner {
  const textOf = (input: Example["input"]) => (input[0] as { text: string }).text;
  return {
    generate: async (requests) =>
      requests.map(({ input }) => ({ text: answers[textOf(input)]!, tokens: 1, finishReason: "end" as const })),
  } as Learner;
}

test("each answer keeps the scores of the task's further scorers, which enter no mean", async () => {
  const task: TaskDescription = {
    id: "stance",
    title: "Stance",
    language: "en",
    scorer: { name: "choice", options: { raw: true } },
    alsoScored: { lenient: { name: "choice" }, text: { name: "exact-match" } },
    maxNewTokens: 4,
  };
  const examples = [example("1", "one", ["A"], ["A", "B"]), example("2", "two", ["B"], ["A", "B"])];
  const learner = answering({ one: "A\n", two: "B" });
  const [scores] = await evaluate(learner, [{ dataset: "test", task, examples }], context);
  expect(scores!.score).toBe(0.5);
  expect(scores!.samples.map(({ score, otherScores }) => [score, otherScores])).toEqual([
    [0, { lenient: 1, text: 1 }],
    [1, { lenient: 1, text: 1 }],
  ]);
});
