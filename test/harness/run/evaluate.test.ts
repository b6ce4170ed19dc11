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
  const learner: Pick<Learner, "generate"> = {
    generate: async (requests) =>
      requests.map(({ input }) => ({ text: answers[textOf(input)]!, tokens: 1, finishReason: "end" })),
  };
  return learner as Learner;
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

/** A learner that holds continuations for as likely as a table says. */
const scoring = (table: Record<string, number>, asked: unknown[] = []): Learner =>
  ({
    score: async (requests) => {
      asked.push(...requests);
      return requests.map(({ continuation }) => table[continuation]!);
    },
  }) as Learner;

const comparing = (normalizeBy?: TaskDescription["normalizeBy"]): TaskDescription => ({
  id: "metals",
  title: "Metals",
  language: "en",
  scorer: { name: "choice" },
  maxNewTokens: 4,
  mode: "likelihood",
  ...(normalizeBy === undefined ? {} : { normalizeBy }),
});

/** "ä" has one character and two bytes, so that each measure prefers another choice. */
const table = { äää: -1.6, iron: -1.9, ".": -1 };
const choices = Object.keys(table);

test.each([
  [undefined, "."],
  ["characters", "iron"],
  ["bytes", "äää"],
] as const)("likelihoods divided by %s choose %s", async (normalizeBy, chosen) => {
  const asked: unknown[] = [];
  const examples = [example("1", "Which?", ["iron"], choices)];
  const set = { dataset: "test" as const, task: comparing(normalizeBy), examples };
  const [scores] = await evaluate(scoring(table, asked), [set], context);
  expect(scores!.score).toBe(Number(chosen === "iron"));
  expect(scores!.samples[0]).toMatchObject({ output: chosen, likelihoods: [-1.6, -1.9, -1] });
  expect(asked).toEqual(
    choices.map((continuation, place) => ({ id: `0.${place}`, input: examples[0]!.input, continuation })),
  );
});

test("acc, acc_norm and acc_bytes as lm-eval computes them, the first of equals, and the confusion of the chosen", async () => {
  const task = comparing();
  const examples = [
    example("1", "one", ["abcd"], ["ab", "abcd"]),
    example("2", "two", ["ab"], ["ab", "abcd"]),
    example("3", "three", ["x"], ["x", "é"]),
  ];
  const learner = scoring({ ab: -2, abcd: -3, x: -1, é: -1 });
  const [scores] = await evaluate(learner, [{ dataset: "test", task, examples }], context);
  expect(scores!.samples.map(({ otherScores }) => otherScores)).toEqual([
    { acc: 0, acc_norm: 1, acc_bytes: 1 },
    { acc: 1, acc_norm: 0, acc_bytes: 0 },
    { acc: 1, acc_norm: 1, acc_bytes: 0 },
  ]);
  expect(scores!.score).toBeCloseTo(2 / 3, 12);
  expect(scores!.tokens).toBe(0);
  expect(scores!.confusion!.labels).toEqual(["ab", "abcd", "x"]);
});

test("a task's id comes with each continuation only where the trainer declared it, and never with a probe's", async () => {
  const asked: { taskId?: string }[] = [];
  const examples = [example("1", "one", ["iron"], ["iron", "."])];
  const told = { ...context, taskIdAtTest: true };
  await evaluate(scoring(table, asked), [{ dataset: "test", task: comparing(), examples }], told);
  await evaluate(scoring(table, asked), [{ dataset: "probe", task: comparing(), examples }], told);
  expect(asked.map(({ taskId }) => taskId)).toEqual(["metals", "metals", undefined, undefined]);
});

test.each([
  [[-1], "1 values for 2 continuations"],
  [[-1, Number.NaN], "value 1 of score is NaN"],
  [null, "object for 2 continuations"],
])("a learner that scores with %j is told what is wrong", async (answer, message) => {
  const learner = { score: async () => answer } as unknown as Learner;
  const examples = [example("1", "one", ["iron"], ["iron", "."])];
  await expect(evaluate(learner, [{ dataset: "test", task: comparing(), examples }], context)).rejects.toMatchObject({
    code: "PLUGIN_FAILED",
    message: expect.stringContaining(message),
  });
});
