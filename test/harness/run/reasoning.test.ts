import { expect, test } from "vitest";
import type { Learner } from "../../../harness/contract/trainer.js";
import { evaluate } from "../../../harness/run/evaluate/evaluate.js";
import { scorers } from "../../../harness/score/index.js";

const example = (id: string, reference: string) => ({
  id,
  input: [{ type: "text" as const, text: id }],
  references: [reference],
});

test.each([
  ["<think>Oslo? No.</think>\n\nRome", "Rome", "Oslo? No.", 1],
  ["\n<think>never ends", "", "never ends", 0],
  ["Rome <think>no</think>", "Rome <think>no</think>", undefined, 0],
])("reasoning before an answer is kept and not scored: %j", async (output, text, reasoning, score) => {
  const learner = {
    generate: async () => [{ text: output, tokens: null, finishReason: "end" as const }],
  } as unknown as Learner;
  const task = { id: "t", title: "t", language: "en", scorer: { name: "exact-match" }, maxNewTokens: 9 };
  const sets = [{ dataset: "test" as const, task, examples: [example("a", "Rome")] }];
  const scorer = (name: string) => scorers.find((known) => known.name === name)!;
  const [scores] = await evaluate(learner, sets, { scorer, taskIdAtTest: false, progress: () => undefined });
  expect(scores).toMatchObject({ score, tokens: null });
  expect(scores!.samples[0]!.output).toBe(text);
  expect(scores!.samples[0]!.reasoning).toBe(reasoning);
});
