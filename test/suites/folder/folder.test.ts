import { join, relative } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { BenchError } from "../../../harness/contract/errors.js";
import { inputText } from "../../../harness/contract/suite.js";
import { HubServer } from "../hub/hub-server.js";
import { loadFolder } from "./load-folder.js";
import { rowsOf, useWorkspace } from "./workspace.js";

const workspace = useWorkspace();

const load = (options?: Record<string, unknown>, quick?: boolean) => loadFolder(workspace.directory, options, quick);

const failure = async (options?: Record<string, unknown>) => {
  const error: BenchError = await load(options).then(
    () => expect.fail("it should have failed"),
    (thrown) => thrown,
  );
  expect(error.fix, error.stack).toBeTruthy();
  const { file, line, column } = error.at!;
  return {
    code: error.code,
    message: error.message,
    fix: error.fix!,
    place: [relative(workspace.directory, file), line, column],
  };
};

function writeTask(task: string, answer: (index: number) => string, sizes = { train: 30, eval: 10, test: 20 }): void {
  for (const [split, size] of Object.entries(sizes)) workspace.write(`${task}/${split}.json`, rowsOf(size, answer));
}

describe("without a suite.yaml", () => {
  test("scorers, choices and limits come from the answers", async () => {
    writeTask("labels", (index) => (index % 2 ? "positive" : "negative"));
    writeTask("numbers", (index) => String(index * 7));
    writeTask("solutions", (index) => `First ${index}, then more.\n#### ${index}`);
    writeTask("texts", (index) => `A sentence about the thing number ${index} that is not short.`);
    const suite = await load();
    const settings = Object.fromEntries(
      suite.tasks.map(({ id, scorer, maxNewTokens, test }) => [
        id,
        { scorer, maxNewTokens, choices: test[0]!.choices },
      ]),
    );
    expect(settings).toEqual({
      labels: { scorer: { name: "choice" }, maxNewTokens: 5, choices: ["negative", "positive"] },
      numbers: { scorer: { name: "number" }, maxNewTokens: 4, choices: undefined },
      solutions: { scorer: { name: "number", options: { marker: "####" } }, maxNewTokens: 15, choices: undefined },
      texts: { scorer: { name: "rouge-l" }, maxNewTokens: expect.any(Number), choices: undefined },
    });
    expect(suite.orders).toEqual([{ name: "alphabetical", tasks: ["labels", "numbers", "solutions", "texts"] }]);
    expect(suite).toMatchObject({ generated: false, probes: [], notes: [] });
  });

  test("examples keep the text as it is, and have ids of their own", async () => {
    workspace.write("t/train.json", [{ prompt: " 问题：\n", answer: "A\n", further: 1 }]);
    workspace.write("t/test.json", [{ prompt: "p", answer: "b" }]);
    const [task] = (await load()).tasks;
    expect(inputText(task!.train[0]!.input)).toBe(" 问题：\n");
    expect(task!.train[0]!.references).toEqual(["A\n"]);
    expect([task!.train[0]!.id, task!.test[0]!.id]).toEqual(["t/train/0", "t/test/0"]);
    expect(task!.validation).toEqual([]);
  });

  test("without eval.json a tenth of the training rows is held out, always the same", async () => {
    writeTask("t", (index) => `answer ${index}`, { train: 50, test: 5 } as never);
    const [first, second] = [await load(), await load()];
    const { train, validation } = first.tasks[0]!;
    expect([train.length, validation.length]).toEqual([45, 5]);
    const answers = new Set([...train, ...validation].map(({ references }) => references[0]));
    expect(answers.size).toBe(50);
    expect(second).toEqual(first);
  });

  test("a directory that contains the files itself is one task", async () => {
    writeTask(".", (index) => `answer ${index}`);
    expect((await load()).tasks).toHaveLength(1);
  });
});

describe("suite.yaml", () => {
  const yaml = (text: string) => workspace.write("suite.yaml", text);

  test("gives titles, orders, scorers, limits and labels", async () => {
    writeTask("a", () => "yes");
    writeTask("b", (index) => `text ${index}`);
    yaml(`title: My data
version: "2"
orders: { forward: [a, b], back: [b, a] }
tasks:
  a: { title: Consent, language: en, scorer: choice, choices: [yes please, "yes"], maxNewTokens: 7, stop: ["\\n"] }
  b: { scorer: { name: rouge-l, options: { tokenizer: unicode } } }
`);
    const suite = await load();
    expect(suite).toMatchObject({ title: "My data", version: "2" });
    expect(suite.orders).toEqual([
      { name: "forward", tasks: ["a", "b"] },
      { name: "back", tasks: ["b", "a"] },
    ]);
    expect(suite.tasks[0]).toMatchObject({
      title: "Consent",
      language: "en",
      scorer: { name: "choice" },
      maxNewTokens: 7,
      stop: ["\n"],
    });
    expect(suite.tasks[0]!.test[0]!.choices).toEqual(["yes please", "yes"]);
    expect(suite.tasks[1]!.scorer).toEqual({ name: "rouge-l", options: { tokenizer: "unicode" } });
  });

  test("a task may be scored by the likelihoods of its choices, which it then must have", async () => {
    writeTask("a", (index) => (index % 2 === 0 ? "yes" : "no"));
    writeTask("b", (index) => `text ${index}`);
    yaml("tasks: { a: { mode: likelihood, normalizeBy: bytes }, b: { mode: likelihood } }");
    expect(await failure()).toMatchObject({ code: "CONFIG_INVALID", place: ["suite.yaml", 1, 66] });
    yaml('tasks: { a: { mode: likelihood, normalizeBy: bytes, choices: ["yes", "no"] }, b: {} }');
    const suite = await load();
    expect(suite.tasks[0]).toMatchObject({ mode: "likelihood", normalizeBy: "bytes", scorer: { name: "choice" } });
    expect(suite.tasks[0]!.test[0]!.choices).toEqual(["yes", "no"]);
    expect(suite.tasks[1]!.mode).toBeUndefined();
    yaml('tasks: { a: { choices: ["yes", "no"] }, b: {} }');
    expect((await load()).digest).not.toBe(suite.digest);
  });

  test("a task scored by SARI compares with the text between instruction and cue", async () => {
    const rows = ["Der Hund bellt.", "Die Katze schläft."].map((body) => ({
      prompt: `Simplify:\n${body}\nSimple:`,
      answer: "x",
    }));
    workspace.write("s/train.json", rows);
    workspace.write("s/test.json", rows);
    yaml("tasks: { s: { scorer: sari } }");
    expect((await load()).tasks[0]!.test.map(({ source }) => source)).toEqual([
      "Der Hund bellt.",
      "Die Katze schläft.",
    ]);
  });

  test.each([
    ["titel: x", "CONFIG_INVALID", 'unknown key "titel"', "title", [1, 1]],
    ["tasks:\n  a: { maxNewTokens: many }", "CONFIG_INVALID", "maxNewTokens", "whole number", [2, 22]],
    ["tasks:\n  aa: {}", "CONFIG_INVALID", 'no folder of a task "aa"', '"a"', [2, 3]],
    ["orders:\n  o: [a, other]", "CONFIG_INVALID", 'no folder of a task "other"', "a, b", [2, 10]],
    ["orders:\n  o: [a]", "CONFIG_INVALID", "leaves out b", "every task once", [2, 3]],
    ["tasks: [", "CONFIG_SYNTAX", "", "YAML", [1, 9]],
  ])("%j is refused with its place", async (text, code, message, fix, place) => {
    writeTask("a", () => "yes");
    writeTask("b", () => "yes");
    yaml(text);
    const error = await failure();
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
    expect(error.fix).toContain(fix);
    expect(error.place).toEqual(["suite.yaml", ...place]);
  });
});

describe("bad data is one error with file, line, column and a way out", () => {
  const good = rowsOf(3, String);
  test.each<[string, string | Uint8Array, string, number, number]>([
    ["an empty file", "", "empty", 1, 1],
    ["blanks alone", "\n \n", "empty", 3, 1],
    ["an empty list", "[]", "no rows", 1, 1],
    [
      "a list cut off inside a row",
      '[\n {"prompt": "p", "answer": "a"},\n {"prompt": "p", "ans',
      "ends inside row 2, which begins at line 3",
      3,
      22,
    ],
    ["a list cut off between rows", '[\n {"prompt": "p", "answer": "a"}', '"]" is missing', 2, 32],
    ["no JSON", "prompt,answer\n", 'expected [, found "p"', 1, 1],
    ["an object", '{"prompt": "p"}', "an object without a list of rows: prompt", 1, 1],
    ["a row that is no JSON", '[\n {"prompt": "p", answer: "a"}]', "row 1 is not valid JSON", 2, 18],
    ["a bracket too many", '[\n{"prompt": "p", "answer": "a"}}]', "row 1 is not valid JSON: expected the end", 2, 31],
    ["a wrong bracket", '[{"prompt": "p", "answer": "a"]]', "row 1 is not valid JSON: expected a comma or }", 1, 31],
    ["a missing comma", '[{"prompt": "p", "answer": "a"} {}]', "a comma or ]", 1, 33],
    ["a comma too many", '[{"prompt": "p", "answer": "a"},]', 'expected a row, found "]"', 1, 33],
    ["something after the list", '[{"prompt": "p", "answer": "a"}] x', "the end of the file", 1, 34],
    ["a row that is a list", '[["p", "a"]]', "row 1 is not an object", 1, 2],
    [
      "a row without an answer",
      '[\n{"prompt": "p", "answer": "a"},\n  {"prompt": "p"}]',
      'row 2 has no "answer"',
      3,
      3,
    ],
    [
      "an answer that is an object",
      '[{"prompt": "p", "answer": {"a": 3}}]',
      'an "answer" that is no text: {"a":3}',
      1,
      2,
    ],
    ["an empty answer", '[{"prompt": "p", "answer": " "}]', "row 1 has no answer: it is empty or null", 1, 2],
    ["an empty prompt", '[{"prompt": "", "answer": "a"}]', "row 1 has an empty prompt", 1, 2],
    [
      "bytes that are not UTF-8",
      Buffer.concat([Buffer.from('[\n{"prompt": "é\ufffd'), Buffer.from([0xff]), Buffer.from('", "answer": "a"}]')]),
      "not UTF-8",
      2,
      15,
    ],
    [
      "a cut character",
      Buffer.concat([Buffer.from('[{"prompt": "'), Buffer.from([0xe4, 0xb8]), Buffer.from('", "answer": "a"}]')]),
      "not UTF-8",
      1,
      14,
    ],
  ])("%s", async (_, content, message, line, column) => {
    workspace.write("t/train.json", good);
    workspace.write("t/test.json", content);
    const error = await failure();
    expect(error.message).toContain(message);
    expect(error.code).toBe("DATA_INVALID");
    expect(error.place).toEqual([join("t", "test.json"), line, column]);
  });

  test("a task without test.json, and a directory without tasks", async () => {
    workspace.write("t/train.json", good);
    expect(await failure()).toMatchObject({
      code: "DATA_INVALID",
      message: 'task "t" has no test data: it contains train.json',
    });
    workspace.write("t/train.json", good);
  });

  test("the error for a directory without tasks lists its contents", async () => {
    workspace.write("readme.txt", "x");
    const error = await failure();
    expect(error.message).toContain("it contains readme.txt");
    expect(error.place[0]).toBe("");
  });

  test("rows with an empty answer are left out and counted when asked for", async () => {
    workspace.write("t/train.json", [...good, { prompt: "p", answer: "" }, { prompt: "q", answer: "" }]);
    workspace.write("t/eval.json", good);
    workspace.write("t/test.json", good);
    const suite = await load({ emptyAnswers: "leave-out" });
    expect(suite.tasks[0]!.train).toHaveLength(3);
    expect(suite.notes).toEqual(["t: rows with an empty answer in train.json, left out: 2"]);
  });
});

describe("size and digest", () => {
  test("caps take a fixed random part in the order of the file; quick is a small one", async () => {
    writeTask("t", (index) => `answer ${index}`, { train: 300, eval: 60, test: 60 });
    const [capped, again] = [await load({ maxTrain: 20, maxTest: 5 }), await load({ maxTrain: 20, maxTest: 5 })];
    const task = capped.tasks[0]!;
    expect([task.train.length, task.validation.length, task.test.length]).toEqual([20, 60, 5]);
    const places = task.train.map(({ id }) => Number(id.split("/")[2]));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toEqual(places.map((_, index) => index));
    expect(again).toEqual(capped);
    const quick = (await load({}, true)).tasks[0]!;
    expect([quick.train.length, quick.validation.length, quick.test.length]).toEqual([128, 32, 32]);
  });

  test("the digest follows what determines a score, and nothing else", async () => {
    writeTask("t", (index) => `answer ${index}`);
    const { digest } = await load();
    const changes: Record<string, boolean> = {};
    workspace.write("notes.txt", "irrelevant");
    changes.foreign = (await load()).digest !== digest;
    changes.caps = (await load({ maxTest: 5 })).digest !== digest;
    workspace.write("suite.yaml", "tasks: { t: { maxNewTokens: 99 } }");
    changes.limit = (await load()).digest !== digest;
    workspace.write("suite.yaml", "{}");
    changes.empty = (await load()).digest !== digest;
    writeTask("t", (index) => `answer ${index + 1}`);
    changes.data = (await load()).digest !== digest;
    expect(changes).toEqual({ foreign: false, caps: true, limit: true, empty: false, data: true });
  });
});

test("data on the Hub is pinned to its commit; its settings name no files of probes", async () => {
  const commit = "1234567890abcdef1234567890abcdef12345678";
  const content = Buffer.from(JSON.stringify(rowsOf(12, String)));
  const files = ["train", "test"].map((split) => ({ path: `sums/${split}.json`, content }));
  const settings = { path: "suite.yaml", content: Buffer.from("probes: [{ lm_eval: ../../probes.yaml }]") };
  const server = new HubServer([
    { id: "datasets/owner/data", refs: { main: commit }, files },
    { id: "datasets/owner/probing", refs: { main: commit }, files: [...files, settings] },
  ]);
  vi.stubEnv("HF_ENDPOINT", await server.start());
  vi.stubEnv("HF_HOME", workspace.directory);
  for (const name of ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN"])
    vi.stubEnv(name, undefined);
  try {
    const suite = await loadFolder("hf://datasets/owner/data");
    expect(suite.revision).toBe(commit);
    expect(suite.tasks.map(({ id, scorer }) => [id, scorer.name])).toEqual([["sums", "number"]]);
    await expect(loadFolder("hf://datasets/owner/probing")).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      fix: expect.stringContaining("settings"),
    });
  } finally {
    vi.unstubAllEnvs();
    await server.stop();
  }
});
