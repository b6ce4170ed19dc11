import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Example, Probe, Task } from "../../../harness/contract/suite.js";
import { checkData } from "../../../harness/run/data/check-data.js";

type Rows = [prompt: string, ...answers: string[]][];

const examples = (id: string, rows: Rows, choices?: string[]): Example[] =>
  rows.map(([prompt, ...references], index) => ({
    id: `${id}/${index}`,
    input: [{ type: "text", text: prompt }],
    references,
    ...(choices && { choices }),
  }));

const taskOf = (id: string, train: Rows, test: Rows, more: { validation?: Rows; choices?: string[] } = {}): Task => ({
  ...{ id, title: id, language: "en", scorer: { name: "exact-match" }, maxNewTokens: 8 },
  train: examples(`${id}/train`, train, more.choices),
  validation: examples(`${id}/validation`, more.validation ?? [], more.choices),
  test: examples(`${id}/test`, test, more.choices),
});
const found = (tasks: Task[], probes: Probe[] = []) =>
  checkData({ tasks, probes }).map(({ kind, task, count }) => `${kind} ${task} ${count}`);

describe("each kind of defect is found, with how many rows it concerns", () => {
  test("test rows that are trained on, in the task itself and in others, whatever the white space", () => {
    const leaky = taskOf(
      "leaky",
      [
        ["q 1", "a"],
        ["q 2", "a"],
      ],
      [
        ["q  1\n", "a"],
        ["q 2", "b"],
        ["q 3", "c"],
      ],
    );
    const other = taskOf("other", [["r", "a"]], [["q 2", "a"]], { validation: [["s", "a"]] });
    expect(found([leaky, other])).toEqual(["test-in-train leaky 2", "test-in-train other 1"]);
    const [own, across] = checkData({ tasks: [leaky, other], probes: [] });
    expect(own!.text).toBe(
      "leaky: test prompts that are also in its training or validation data: 2 of 3 (1 with the same answer), such as leaky/test/0 and leaky/train/0",
    );
    expect(across!.text).toContain("in the training or validation data of leaky: 1 of 1 (1 with the same answer)");
  });

  test("rows that repeat, and prompts with several answers", () => {
    const task = taskOf(
      "t",
      [
        ["q", "a"],
        ["q", "a"],
        ["q", "b"],
        ["r", "a", "b"],
        ["r", "b", "a"],
      ],
      [
        ["x", "1"],
        ["x", "1"],
        ["x", "2"],
      ],
      { validation: [["r", "c"]] },
    );
    expect(found([task])).toEqual([
      "repeated-train t 2",
      "contradiction t 2",
      "repeated-test t 2",
      "contradiction t 1",
    ]);
  });

  test("tasks that share test rows, and probes that are trained on", () => {
    const test: Rows = [
      ["q", "a"],
      ["r", "b"],
    ];
    const probe = { ...taskOf("p", [], [["x", "1"]]), kind: "general", examples: examples("p", [["x", "1"]]) } as Probe;
    expect(found([taskOf("a", [["x", "1"]], test), taskOf("b", [["y", "2"]], test)], [probe])).toEqual([
      "shared-test a 2",
      "probe-in-train p 1",
    ]);
  });

  test("classes that training never shows, and labels written in several ways", () => {
    const task = taskOf(
      "t",
      [
        ["1", "yes"],
        ["2", "Yes"],
      ],
      [
        ["3", "yes"],
        ["4", "no"],
      ],
      { choices: ["yes", "no"] },
    );
    expect(checkData({ tasks: [task], probes: [] }).map(({ text }) => text)).toEqual([
      't: test rows with an answer that training never shows: 1 of 2 ("no")',
      't: answers that differ only in case or white space: "yes", "Yes"',
    ]);
  });
});

test("distinct prompts are no finding; moving a test row into training is, in any data", () => {
  const prompts = fc.uniqueArray(
    fc.string({ unit: "grapheme-ascii", minLength: 1 }).map((text) => `${text.trim()}.`),
    {
      minLength: 4,
      maxLength: 30,
      selector: (text) => text.replace(/\s+/g, " "),
    },
  );
  fc.assert(
    fc.property(prompts, fc.nat(), (texts, chosen) => {
      const rows = texts.map((text, index): Rows[number] => [text, String(index)]);
      const half = rows.length >> 1;
      const [train, test] = [rows.slice(0, half), rows.slice(half)];
      expect(found([taskOf("t", train, test)])).toEqual([]);
      const leaked = test[chosen % test.length]!;
      expect(found([taskOf("t", [...train, leaked], test)])).toEqual(["test-in-train t 1"]);
    }),
  );
});

test("the work grows with the rows, also where all tasks hold the same rows", () => {
  const rows = (count: number): Rows => Array.from({ length: count }, (_, index) => [`q ${index}`, "a"]);
  const tasks = Array.from({ length: 60 }, (_, index) => taskOf(`t${index}`, rows(50), rows(50)));
  const findings = checkData({ tasks, probes: [] });
  expect(findings.length).toBeLessThanOrEqual(16 * 60 * 2);
});
