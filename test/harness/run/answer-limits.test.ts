import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Suite, Task } from "../../../harness/contract/suite.js";
import { measureAnswerLimits, tooLongPrompts } from "../../../harness/run/data/answer-limits.js";
import { traceSeq } from "../../../suites/trace-seq/index.js";
import { llamaFormat } from "../../../trainers/model-formats.js";

const taskOf = (answers: string[], maxNewTokens = 4, prompt = "p"): Task => {
  const test = answers.map((answer, index) => ({
    id: `t/${index}`,
    input: [{ type: "text" as const, text: `${prompt} ${index}` }],
    references: [answer],
  }));
  return {
    id: "t",
    title: "t",
    language: "en",
    scorer: { name: "number" },
    maxNewTokens,
    train: [],
    validation: [],
    test,
  };
};
const suiteOf = (task: Task, inferred: boolean): Suite => ({
  ...{ name: "s", version: "1", title: "s", generated: false, orders: [], probes: [], generalItems: [] },
  ...{ tasks: [task], defaultModel: "none", digest: "d", inferredLimits: inferred ? ["t"] : [] },
});
/** A token is a word; half of 400 tokens is left for an answer. */
const words = {
  answer: (text: string) => text.split(" ").length + 1,
  prompt: (text: string) => text.split(" ").length,
  longest: 400,
};
const limitOf = (answers: string[], measure: typeof words | undefined) => {
  const { suite, limits } = measureAnswerLimits(suiteOf(taskOf(answers), true), measure);
  expect(limits.t ?? 4).toBe(suite.tasks[0]!.maxNewTokens);
  return { limit: suite.tasks[0]!.maxNewTokens, notes: suite.notes ?? [] };
};
const sentence = (length: number) => Array(length).fill("w").join(" ");

describe("limits that a suite declared", () => {
  test("what fits by its bytes is not counted in tokens; of many references, the number that do not fit is a bound", () => {
    const asked: string[] = [];
    const measure = {
      ...words,
      answer: (text: string) => {
        asked.push(text);
        return words.answer(text);
      },
    };
    const suite = suiteOf(taskOf(["ab", "a b c d e f"], 4), false);
    const note = "reference answers with more tokens than an answer may take by its maxNewTokens: t";
    expect(measureAnswerLimits(suite, measure).suite.notes).toEqual([`${note} 1 of 2 (4 tokens)`]);
    expect(asked).toEqual(["a b c d e f"]);
    const many = suiteOf(taskOf(Array(2001).fill("a b c d e f"), 4), false);
    expect(measureAnswerLimits(many, measure).suite.notes).toEqual([`${note} at least 2000 of 2001 (4 tokens)`]);
  });
});

describe("limits that a suite inferred", () => {
  test("hold every short reference, in the model's own tokens", async () => {
    const model = (await traceSeq.load({ options: {}, quick: true })).defaultModel;
    const measure = await llamaFormat.measure!(model);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 999_999 }).map(String), { minLength: 1 }), (answers) => {
        const { suite } = measureAnswerLimits(suiteOf(taskOf(answers), true), measure);
        const { maxNewTokens } = suite.tasks[0]!;
        for (const answer of answers) expect(measure.answer(answer)).toBeLessThanOrEqual(maxNewTokens);
        expect(suite.notes).toBeUndefined();
      }),
    );
  });

  test("hold all but outliers, and say how many do not fit", () => {
    const answers = [...Array(197).fill(sentence(60)), ...Array(2).fill(sentence(70)), sentence(150)];
    expect(limitOf(answers, words)).toEqual({
      limit: 71,
      notes: ["reference answers with more tokens than an answer may take: t 1 of 200 (71 tokens)"],
    });
    expect(limitOf(answers.slice(0, 199), words)).toEqual({ limit: 71, notes: [] });
  });

  test("take at most half of what the model reads", () => {
    const { limit, notes } = limitOf([sentence(300)], words);
    expect([limit, notes.length]).toEqual([200, 1]);
  });

  test("are an upper bound from bytes where the tokenizer is not known", () => {
    expect(limitOf(["482913"], undefined)).toEqual({ limit: 7, notes: [] });
  });
});

test("a declared limit stays, and what it cuts is said", () => {
  const { suite, limits } = measureAnswerLimits(suiteOf(taskOf([sentence(9), "w"]), false), words);
  expect(limits).toEqual({});
  expect(suite.tasks[0]!.maxNewTokens).toBe(4);
  expect(suite.notes).toEqual([
    "reference answers with more tokens than an answer may take by its maxNewTokens: t 1 of 2 (4 tokens)",
  ]);
});

test("the embedded suite's declared limits hold its references", async () => {
  const suite = await traceSeq.load({ options: {}, quick: false });
  const measure = await llamaFormat.measure!(suite.defaultModel);
  const measured = measureAnswerLimits(suite, measure);
  expect([measured.limits, measured.suite.notes ?? []]).toEqual([{}, suite.notes ?? []]);
  expect(suite.tasks.map((task) => tooLongPrompts(task, measure))).toEqual(suite.tasks.map(() => 0));
});

test("prompts that do not fit together with their answers are counted", () => {
  expect(tooLongPrompts(taskOf(["a", "b"], 9, sentence(388)), words)).toBe(0);
  expect(tooLongPrompts(taskOf(["a", "b"], 9, sentence(390)), words)).toBe(2);
});
