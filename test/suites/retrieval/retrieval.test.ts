import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkOptions } from "../../../harness/config/options.js";
import { recallsOf } from "../../../harness/run/evaluate/recall.js";
import { retrieval } from "../../../suites/retrieval/index.js";

const root = mkdtempSync(join(tmpdir(), "retrieval-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A directory with these files. */
function written(files: Record<string, unknown>): string {
  const directory = mkdtempSync(join(root, "data-"));
  for (const [name, value] of Object.entries(files)) {
    writeFileSync(join(directory, name), typeof value === "string" ? value : JSON.stringify(value));
  }
  return directory;
}

const load = (location: string, given: Record<string, unknown> = {}) =>
  retrieval.load({ location, options: checkOptions(retrieval.options, given, "retrieval"), quick: false });

const corpus = ["a", "b", "c", "d", "e", "f"].map((name) => ({
  title: name.toUpperCase(),
  text: `${name} is here. It stays.`,
}));
const content = (name: string) => ({ title: name.toUpperCase(), text: `${name} is here. It stays.` });

const forms: [string, unknown[]][] = [
  [
    "musique",
    ["a", "d"].map((name) => ({
      question: `Where is ${name}?`,
      answer: "here",
      answer_aliases: ["at this place"],
      paragraphs: [
        { title: name.toUpperCase(), paragraph_text: `${name} is here. It stays.`, is_supporting: true },
        { title: "B", paragraph_text: "b is here. It stays.", is_supporting: false },
      ],
    })),
  ],
  [
    "2wikimultihopqa",
    ["a", "d"].map((name) => ({
      question: `Where is ${name}?`,
      answer: "here",
      supporting_facts: [[name.toUpperCase(), 0]],
      context: [
        [name.toUpperCase(), [`${name} is here.`, "It stays."]],
        ["B", ["b is here.", "It stays."]],
      ],
    })),
  ],
  [
    "hotpotqa",
    ["a", "d"].map((name) => ({
      question: `Where is ${name}?`,
      answer: "here",
      supporting_facts: [[name.toUpperCase(), 0]],
      context: [
        [name.toUpperCase(), [`${name} is here.`, " It stays."]],
        ["B", ["b is here.", " It stays."]],
      ],
    })),
  ],
  [
    "nq_rear",
    ["a", "d"].map((name) => ({
      question: `Where is ${name}?`,
      reference: ["here"],
      contexts: [
        { ...content(name), is_supporting: true },
        { ...content("b"), is_supporting: false },
      ],
    })),
  ],
];

test.each(forms)(
  "%s: questions with their supports; every passage comes once, with its segment",
  async (name, questions) => {
    const suite = await load(written({ [`${name}.json`]: questions, [`${name}_corpus.json`]: corpus }), {
      segments: 2,
    });
    expect(suite.tasks.map(({ test: items }) => items.map(({ supports }) => supports))).toEqual([[["A"]], [["D"]]]);
    expect(suite.tasks[0]!.test[0]!.references).toContain("here");
    expect(suite.tasks.map((task) => task.corpus!.add.map(({ id }) => id))).toEqual([
      ["A", "B", "C", "E"],
      ["D", "F"],
    ]);
    expect(suite.notes).toEqual([]);
  },
);

test("facts of an OpenIE file go to their passages; those that are not three parts are left out; repeats are said", async () => {
  const docs = [{ passage: "A\na is here. It stays.", extracted_triples: [["a", "is", "here"], ["a", "b"], "x"] }];
  const directory = written({
    "musique.json": forms[0]![1],
    "musique_corpus.json": [...corpus, corpus[0], { title: "A", text: "another" }],
    "openie_results_ner_m.json": { docs },
  });
  const { tasks, notes } = await load(directory, { segments: 1 });
  const added = tasks[0]!.corpus!.add;
  expect(added.find(({ id }) => id === "A")!.facts).toEqual([["a", "is", "here"]]);
  expect(added.find(({ id }) => id === "B")!.facts).toEqual([]);
  expect(added.some(({ id }) => id === "A #2")).toBe(true);
  expect(notes).toEqual(["1 passages that repeat another word for word were left out"]);
});

const bad: [string, Record<string, unknown>, RegExp][] = [
  ["no data set", {}, /contains no data set/],
  ["two, none named", { "x.json": [], "x_corpus.json": [], "y.json": [], "y_corpus.json": [] }, /contains 2 data sets/],
  ["a file that is no JSON", { "x.json": [], "x_corpus.json": "[{" }, /cannot be read as JSON/],
  ["a corpus that is no list", { "x.json": [], "x_corpus.json": { a: 1 } }, /not a list of objects/],
  ["a passage without a text", { "x.json": [], "x_corpus.json": [{ title: "A" }] }, /entry 0 has no text "text"/],
  [
    "a question without an answer",
    { "x.json": [{ question: "?", paragraphs: [] }], "x_corpus.json": corpus },
    /item 0 has no answer/,
  ],
  ["a question without passages", { "x.json": [{ question: "?", answer: "a" }], "x_corpus.json": corpus }, /neither/],
  [
    "facts without a list",
    { "x.json": forms[0]![1], "x_corpus.json": corpus, "openie_results.json": { docs: [{ passage: "A" }] } },
    /no list extracted_triples/,
  ],
  ["fewer questions than segments", { "x.json": forms[0]![1], "x_corpus.json": corpus }, /cannot be divided into 4/],
];

test.each(bad)("%s is refused with the reason", async (_, files, message) => {
  await expect(load(written(files))).rejects.toMatchObject({
    code: "DATA_INVALID",
    message: expect.stringMatching(message),
  });
});

test("recall counts supports among the first k, over the items that have any", () => {
  const item = (supports?: string[]) => ({ id: "1", input: [], references: ["x"], ...(supports && { supports }) });
  const examples = [item(["a", "b"]), item(["c"]), item()];
  const answers = [{ retrieved: ["a", "x", "y", "z", "b"] }, { retrieved: ["x", "c"] }, { retrieved: ["x"] }];
  expect(Object.fromEntries(recallsOf(examples, answers))).toEqual({
    "recall@1": { score: 0.25, n: 2 },
    "recall@2": { score: 0.75, n: 2 },
    "recall@5": { score: 1, n: 2 },
    "recall@10": { score: 1, n: 2 },
    "recall@20": { score: 1, n: 2 },
  });
  expect(recallsOf(examples, [{}, {}, {}])).toEqual([]);
});
