import { describe, expect, it } from "vitest";
import { type Example, inputText } from "../../../harness/contract/suite.js";
import { scorers } from "../../../harness/score/index.js";
import { generateSuite } from "../../../suites/trace-seq/generate.js";
import { traceSeq } from "../../../suites/trace-seq/index.js";
import { wordsOfShiftedTests } from "../../../suites/trace-seq/lexicon.js";
import { tasks as families } from "../../../suites/trace-seq/tasks/index.js";
import { validationSuiteOf } from "../../../suites/trace-seq/validation.js";
import { suite } from "./full-suite.js";

const quick = generateSuite(true);
const prompts = (examples: readonly Example[]) => examples.map(({ input }) => inputText(input));

describe("trace-seq", () => {
  it("has TRACE's eight tasks in its two orders", () => {
    expect(suite.tasks.map(({ id }) => id)).toEqual(suite.orders[0]!.tasks);
    expect(suite.orders.map(({ name }) => name)).toEqual(["trace-1", "trace-2"]);
    expect(suite.orders[1]!.tasks.toSorted()).toEqual(suite.orders[0]!.tasks.toSorted());
    expect(suite.generated).toBe(true);
  });

  it.each([...suite.tasks.map((task) => [task.id, task] as const)])(
    "%s: no prompt occurs twice in any split",
    (_id, task) => {
      const all = [task.train, task.validation, task.test, task.shifted!].flatMap(prompts);
      expect(new Set(all).size).toBe(all.length);
      expect([task.train.length, task.validation.length, task.test.length, task.shifted!.length]).toEqual([
        1600, 100, 100, 60,
      ]);
    },
  );

  it("gives every item its own id and no probe item to rehearsal", () => {
    const ids = [
      ...suite.tasks.flatMap((task) => [task.train, task.validation, task.test, task.shifted!]),
      ...suite.probes.map(({ examples }) => examples),
      suite.generalItems,
    ].flatMap((examples) => examples.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    const probed = new Set(suite.probes.flatMap(({ examples }) => prompts(examples)));
    expect(suite.generalItems.length).toBeGreaterThanOrEqual(400);
    expect(prompts(suite.generalItems).filter((prompt) => probed.has(prompt))).toEqual([]);
  });

  it("follows its rules: the oracle accepts every reference and refuses another item's answer", () => {
    for (const task of suite.tasks) {
      const examples = [...task.train, ...task.validation, ...task.test, ...task.shifted!];
      const accepts = (example: Example, output: string) => suite.oracle!(task.id, inputText(example.input), output);
      expect(examples.filter((example) => !accepts(example, example.references[0]!))).toEqual([]);
      expect(examples.filter((example) => accepts(example, "neither"))).toEqual([]);
      const wrong = examples.filter((example, i) => {
        const other = examples[(i + 1) % examples.length]!.references[0]!;
        return other[0] !== example.references[0]![0] && accepts(example, other);
      });
      expect(wrong).toEqual([]);
    }
    expect(suite.oracle!("stance", "no such question", "A")).toBe(false);
  });

  it("scores every reference 1 and in valid format, by its own scorer", () => {
    for (const { scorer, examples } of [
      ...suite.tasks.map(({ scorer, test, shifted }) => ({ scorer, examples: [...test, ...shifted!] })),
      ...suite.probes,
    ]) {
      const { score } = scorers.find(({ name }) => name === scorer.name)!;
      for (const example of examples) {
        expect(score(example, ` ${example.references[0]}`, scorer.options ?? {})).toMatchObject({
          score: 1,
          valid: true,
        });
      }
    }
  });

  it("keeps the words and wordings of the shifted tests out of training", () => {
    const shiftedWord = new RegExp(
      `(?<![\\p{Script=Latin}])(?:${wordsOfShiftedTests.filter((word) => !/\p{Script=Han}/u.test(word)).join("|")})(?![\\p{Script=Latin}])`,
      "u",
    );
    const han = wordsOfShiftedTests.filter((word) => /\p{Script=Han}/u.test(word));
    for (const task of suite.tasks) {
      const seen = prompts([...task.train, ...task.validation, ...task.test]);
      expect(seen.filter((prompt) => shiftedWord.test(prompt) || han.some((word) => prompt.includes(word)))).toEqual(
        [],
      );
      const shifted = prompts(task.shifted!);
      expect(shifted.some((prompt) => shiftedWord.test(prompt) || han.some((word) => prompt.includes(word)))).toBe(
        true,
      );
    }
    for (const { templates, shiftedTemplates } of families) {
      const texts = new Set(templates.map(({ text }) => text));
      expect(shiftedTemplates!.filter(({ text }) => texts.has(text))).toEqual([]);
    }
  });

  it("frames each task's prompts alike: prefix, body, cue", () => {
    const shapes = {
      stance: /^对.+的态度？A\.支持，B\.反对，C\.中立。\n文本：.+\n态度：$/,
      policy: /^Monetary policy stance\? A\. dovish, B\. hawkish, C\. neutral\.\nText: .+\nStance:$/,
      meeting: /^Write a summary\.\nTranscript: .+\nSummary:$/,
      code: /^Code: .+\nNext line:$/s,
      science: /^Choose an answer and give your reason\.\nQuestion: .+ A\. .+ B\. .+ C\. .+\nAnswer:$/,
      "commonsense-arithmetic": /^Solve the math problem\.\nQuestion: .+\nAnswer:$/,
      "domain-arithmetic": /^Solve the math problem\.\nQuestion: .+\nAnswer:$/,
      simplification: /^Vereinfache den Satz\.\nSatz: .+\nEinfach:$/,
    };
    for (const [id, shape] of Object.entries(shapes)) {
      const task = suite.tasks.find((candidate) => candidate.id === id)!;
      expect(prompts([...task.test, ...task.shifted!]).filter((prompt) => !shape.test(prompt))).toEqual([]);
    }
    const simplification = suite.tasks.find(({ id }) => id === "simplification")!;
    expect(simplification.test.every((item) => inputText(item.input).includes(`Satz: ${item.source}\n`))).toBe(true);
  });

  it("asks each letter about equally often", () => {
    for (const task of suite.tasks.filter(({ scorer }) => scorer.name === "choice")) {
      const shares = ["A", "B", "C"].map(
        (letter) => task.train.filter(({ references }) => references[0]!.startsWith(letter)).length / task.train.length,
      );
      expect(Math.min(...shares)).toBeGreaterThan(0.25);
    }
  });

  it("is the same on every call, and its digest is the version's", async () => {
    expect(await traceSeq.load({ options: {}, quick: false })).toEqual(
      expect.objectContaining({ digest: suite.digest }),
    );
    expect(generateSuite(false).tasks).toEqual(suite.tasks);
    expect(`${suite.version} ${suite.digest}`).toMatchInlineSnapshot(
      `"1.0.0 1f56102fed66150621be895c058b3ae9fe0d6177dd78cc0f9916b4d4afa42e1c"`,
    );
    expect(`${quick.version} ${quick.digest}`).toMatchInlineSnapshot(
      `"1.0.0 016f42386468f47ef8490bc52bbab0d2dc0d8a97ff4b6f78beaecb0b33b69311"`,
    );
  });

  it("has a quick form with four of the tasks and less of everything", () => {
    expect(quick.tasks.map(({ id }) => id)).toEqual(["stance", "meeting", "commonsense-arithmetic", "simplification"]);
    expect(quick.tasks.map(({ test, trainingSteps }) => [test.length, trainingSteps])).toEqual(Array(4).fill([50, 60]));
    expect(quick.orders.map(({ tasks }) => tasks.length)).toEqual([4, 4]);
  });

  it("probes general ability, instructions, safety and tasks that are never trained", () => {
    const count = (kind: string) => suite.probes.filter((probe) => probe.kind === kind).length;
    expect(["general", "instruction", "safety", "unseen"].map(count)).toEqual([5, 2, 2, 2]);
    expect(suite.probes.every(({ examples }) => examples.length >= 60)).toBe(true);
  });
});

describe("trace-seq-validation", () => {
  const derived = validationSuiteOf(suite);

  it("asks nothing that trace-seq asks, and trains on nothing that it asks", () => {
    const asked = [
      ...suite.tasks.flatMap(({ test, shifted }) => [...test, ...shifted!]),
      ...suite.probes.flatMap(({ examples }) => examples),
    ];
    const own = derived.tasks.flatMap(({ test, validation }) => [...test, ...validation]);
    const probed = derived.probes.flatMap(({ examples }) => examples);
    const trained = derived.tasks.flatMap(({ train }) => train);
    const [known, used] = [new Set(prompts(asked)), new Set(prompts(trained))];
    expect(prompts([...own, ...probed, ...trained]).filter((prompt) => known.has(prompt))).toEqual([]);
    expect(prompts([...own, ...probed]).filter((prompt) => used.has(prompt))).toEqual([]);
  });

  it("has every task and every general ability, each with items, and another digest", () => {
    expect(derived.tasks.map(({ id, test }) => [id, test.length])).toEqual(suite.tasks.map(({ id }) => [id, 100]));
    const general = suite.probes.filter(({ kind }) => kind !== "unseen");
    expect(derived.probes.map(({ id, examples }) => [id, examples.length])).toEqual(general.map(({ id }) => [id, 50]));
    expect(derived.digest).not.toBe(suite.digest);
  });
});
