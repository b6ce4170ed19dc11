import { join } from "node:path";
import { expect, test } from "vitest";
import { inputText, type Suite } from "../../../harness/contract/suite.js";
import { folder } from "../../../suites/folder/index.js";
import { globToPattern } from "../../../suites/folder/layout/glob.js";
import { loadFolder } from "./load-folder.js";
import { rowsOf, useWorkspace } from "./workspace.js";

const workspace = useWorkspace();

const load = (options?: Record<string, unknown>) => loadFolder(workspace.directory, options);
const sizes = ({ tasks }: Suite) =>
  Object.fromEntries(
    tasks.map(({ id, train, validation, test }) => [id, [train.length, validation.length, test.length]]),
  );
const lines = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).join("\n");
const some = (count: number, prefix = "") => rowsOf(count, (index) => `${prefix}${index}`);
const firstPrompt = ({ tasks }: Suite, task = 0) => inputText(tasks[task]!.test[0]!.input);

test("names of splits in the wild; where there are several of one, what is not read is said", async () => {
  for (const [task, validation] of Object.entries({ a: "validation", b: "dev", c: "valid", d: "Val", e: "eval" })) {
    workspace.write(`${task}/Train.jsonl`, lines(some(20)));
    workspace.write(`${task}/${validation}.jsonl`, lines(some(5)));
    workspace.write(`${task}/test.csv`, "prompt,answer\np,a");
  }
  workspace.write("e/dev.json", some(3));
  workspace.write("e/test.tsv", "prompt\tanswer\np\ta\nq\tb");
  const suite = await load();
  expect(new Set(Object.values(sizes(suite)).map(String))).toEqual(new Set(["20,5,1"]));
  expect(suite.notes).toEqual([
    "e: not read: e/dev.json, since e/eval.jsonl is",
    "e: not read: e/test.tsv, since e/test.csv is",
  ]);
});

test("pieces of a split are one, in the folder that the Hub names data or by configuration", async () => {
  for (const [piece, rows] of Object.entries({ "00000": 3, "00001": 4 }))
    workspace.write(`data/train-${piece}-of-00002.jsonl`, lines(some(rows, piece)));
  workspace.write("data/test-00000-of-00001.jsonl", lines(some(2)));
  const suite = await load();
  expect(Object.values(sizes(suite))).toEqual([[6, 1, 2]]);
  expect(suite.tasks[0]!.id).not.toBe("data");
});

test("a split may be a folder, or a part of the file's name", async () => {
  workspace.write("default/train/0000.jsonl", lines(some(4)));
  workspace.write("default/validation/0000.jsonl", lines(some(2)));
  workspace.write("default/test/0000.jsonl", lines(some(3)));
  expect(sizes(await load())).toEqual({ default: [4, 2, 3] });
});

test("tasks as files side by side", async () => {
  for (const task of ["qa", "sum"]) {
    workspace.write(`${task}.train.json`, lines(some(4)));
    workspace.write(`${task}.eval.json`, lines(some(2)));
    workspace.write(`${task}_test.jsonl`, lines(some(3)));
  }
  expect(sizes(await load())).toEqual({ qa: [4, 2, 3], sum: [4, 2, 3] });
});

test("the card of a data set says which files belong to which configuration and split", async () => {
  workspace.write("parts/one.jsonl", lines(some(5)));
  workspace.write("parts/two.jsonl", lines(some(2)));
  workspace.write("parts/three-a.jsonl", lines(some(3)));
  workspace.write("parts/three-b.jsonl", lines(some(4)));
  workspace.write(
    "README.md",
    `---
license: mit
configs:
- config_name: first
  data_files:
  - { split: train, path: parts/one.jsonl }
  - { split: test, path: parts/two.jsonl }
- config_name: second
  data_files:
  - { split: train, path: "parts/three-*.jsonl" }
  - { split: test, path: [parts/two.jsonl] }
  - { split: challenge, path: parts/one.jsonl }
---
# A data set
`,
  );
  const suite = await load();
  expect(sizes(suite)).toEqual({
    first: [4, 1, 2],
    second: [6, 1, 2],
  });
  expect(suite.notes).toEqual(['second: not read: the split "challenge"']);
  expect(sizes(await load({ tasks: ["second"] }))).toEqual({
    second: [6, 1, 2],
  });
  await expect(load({ tasks: ["secnd"] })).rejects.toMatchObject({ fix: 'Did you mean "second"?' });
});

test("Super-NaturalInstructions: a file a task, divided by prompts, several references", async () => {
  const instances = Array.from({ length: 40 }, (_, i) => ({
    id: `${i}`,
    input: `in ${i >> 1}`,
    output: [`a${i}`, `b${i}`],
  }));
  workspace.write("task001_x.json", {
    Contributors: ["somebody"],
    Definition: ["Do it."],
    "Positive Examples": [{ input: "x", output: "y", explanation: "z" }],
    "Negative Examples": [],
    Instances: instances,
  });
  const suite = await load();
  expect(sizes(suite)).toEqual({ task001_x: [29, 3, 8] });
  const [task] = suite.tasks;
  expect(firstPrompt(suite)).toMatch(/^Do it\.\n\nInput: in \d+\nOutput:$/);
  expect(task!.test[0]!.references).toHaveLength(2);
  const prompts = (examples: typeof task.test) => examples.map(({ input }) => inputText(input));
  const trained = new Set(prompts([...task!.train, ...task!.validation]));
  expect(prompts(task!.test).filter((prompt) => trained.has(prompt))).toEqual([]);
  expect(await load()).toEqual(suite);
  expect(suite.notes?.join("\n")).toContain("a fixed random fifth of its prompts is the test data (8 rows)");
});

test("O-LoRA's CL_Benchmark: labels next to the rows, the kind of task above", async () => {
  const rows = Array.from({ length: 12 }, (_, i) => ({ label: i % 2 ? "World" : "Sports", sentence: `text ${i}` }));
  for (const split of ["train", "dev", "test"]) {
    workspace.write(`TC/agnews/${split}.json`, rows);
    workspace.write(`SC/yelp/${split}.json`, rows);
  }
  workspace.write("TC/agnews/labels.json", ["World", "Sports", "Business"]);
  workspace.write("SC/yelp/labels.json", ["World", "Sports"]);
  const suite = await load();
  expect(sizes(suite)).toEqual({ agnews: [12, 12, 12], yelp: [12, 12, 12] });
  expect(firstPrompt(suite)).toBe(
    "What is the topic of the following paragraph? Choose one from the option.\nOption: World, Sports, Business \ntext 0\nAnswer:",
  );
  expect(suite.tasks[0]!.test[0]!.choices).toEqual(["World", "Sports", "Business"]);
  expect(suite.tasks[0]!.scorer).toEqual({ name: "choice" });
});

test("suite.yaml names files, columns and labels; another one may be given", async () => {
  workspace.write("raw/a.csv", "id,headline,class\n1,Goal!,1\n2,Vote {now},0\n");
  workspace.write("raw/b.csv", "id,headline,class\n3,Match,1\n");
  const settings = `columns: { prompt: "Topic of {{{headline}}}?\\nAnswer:", answer: class }
labels: [world, sports]
tasks:
  news: { files: { train: raw/a.csv, test: "raw/b*" } }
`;
  workspace.write("other/suite.yaml", settings);
  await expect(load()).rejects.toMatchObject({ code: "DATA_INVALID" });
  const given = await load({ settings: join(workspace.directory, "other/suite.yaml") });
  workspace.write("suite.yaml", settings);
  const suite = await load();
  expect(suite.digest).toBe(given.digest);
  expect(firstPrompt(suite)).toBe("Topic of {Match}?\nAnswer:");
  expect(suite.tasks[0]!.test[0]!.references).toEqual(["sports"]);
  workspace.write("suite.yaml", `${settings}labels: [world]\n`.replace("labels: [world, sports]\n", ""));
  await expect(load()).rejects.toMatchObject({ message: 'row 1 has a "class" without a label: 1' });
  workspace.write("suite.yaml", settings.replace("raw/b*", "raw/c*"));
  await expect(load()).rejects.toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining("raw/c*") });
  workspace.write("suite.yaml", settings.replace("answer: class", "answer: klass"));
  await expect(load()).rejects.toMatchObject({ message: 'row 1 has no "klass": it has id, headline, class' });
});

test("rows of one group are told apart from independent ones, and are all on one side of a division", async () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({
    question: `q${i}`,
    answer: String(i),
    text: Math.floor(i / 4),
  }));
  workspace.write("t/data.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
  workspace.write("suite.yaml", "columns: { prompt: question, answer: answer }\n");
  const ungrouped = await load();
  workspace.write("suite.yaml", 'columns: { prompt: question, answer: answer, group: "text {text}" }\n');
  const suite = await load();
  expect(suite.digest).not.toBe(ungrouped.digest);
  expect(suite.notes).toContainEqual(expect.stringContaining("a fixed random fifth of its groups is the test data"));
  const { train, validation, test: held } = suite.tasks[0]!;
  const groups = (items: readonly { group?: string }[]) => new Set(items.map(({ group }) => group));
  expect(groups(held).size).toBe(2);
  expect([...groups([...train, ...validation])].every((group) => /^text \d$/.test(group!))).toBe(true);
  expect([...groups([...train, ...validation])].filter((group) => groups(held).has(group))).toEqual([]);
});

test("the settings to start from are valid once uncommented, and change nothing before", async () => {
  for (const task of ["b", "a"]) {
    workspace.write(`${task}/train.jsonl`, '{"question": "q", "answer": "0"}\n{"question": "r", "answer": "1"}');
    workspace.write(`${task}/test.jsonl`, '{"question": "q", "answer": "0"}');
  }
  workspace.write("data/train-0.parquet", "");
  workspace.write("data/dev.jsonl", "");
  workspace.write("data/test.csv", "");
  const { file, text } = await folder.template!(workspace.directory);
  expect(file).toBe("suite.yaml");
  const plain = await load({ tasks: ["a", "b"] });
  workspace.write(file, text);
  expect(await load({ tasks: ["a", "b"] })).toEqual(plain);
  workspace.write(file, text.replaceAll(/^# (\s*(?:- )?(?:"[^"]*"|[a-z]\w*):.*)$/gm, "$1"));
  workspace.write("probes/items.jsonl", '{"q": "2 + 2", "a": "4"}');
  workspace.write(
    "probes/arithmetic.yaml",
    "task: arithmetic\ndataset_path: json\ndataset_kwargs: { data_files: { test: items.jsonl } }\ntest_split: test\n" +
      'output_type: generate_until\ndoc_to_text: "{{q}}"\ndoc_to_target: "{{a}}"\n',
  );
  const suite = await load({ tasks: ["b"] });
  expect(suite.orders.map(({ name }) => name)).toEqual(["forward", "backward"]);
  expect(firstPrompt(suite)).toBe("Question: q\nAnswer:");
  expect(suite.tasks[0]!.test[0]!.references).toEqual(["no"]);
  expect(suite.probes.map(({ id, kind }) => [id, kind])).toEqual([["arithmetic", "general"]]);
});

test.each([
  ["data/train-*", "data/train-00000-of-00001.parquet", true],
  ["data/train-*", "data/inner/train-1.json", false],
  ["**/train.json", "train.json", true],
  ["**/train.json", "a/b/train.json", true],
  ["./a?c.[jt]son", "abc.json", true],
  ["a.c", "abc", false],
])("the pattern %s and %s: %s", (glob, path, matches) => {
  expect(globToPattern(glob).test(path)).toBe(matches);
});
