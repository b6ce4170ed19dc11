import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import { inputText, type Suite } from "../../../harness/contract/suite.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { rooms } from "../../../rooms.js";
import { lmEval } from "../../../suites/lm-eval/index.js";
import { lmEvalMatch } from "../../../suites/lm-eval/match.js";
import { pythonPattern } from "../../../suites/lm-eval/python-pattern.js";
import { lmEvalTemplate } from "../../../suites/lm-eval/template.js";
import { embeddedModel, newDirectory } from "../../files.js";
import { bench } from "../../harness/cli/support.js";
import { hasPackages, python } from "../../python.js";

const root = newDirectory();

function write(path: string, content: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

const rows = Array.from({ length: 8 }, (_, index) => ({
  question: `Which is ${index}?`,
  options: ["none", `number ${index}`],
  gold: 1,
  answer: index,
}));
write("data/rows.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
const data = "dataset_path: json\ndataset_kwargs: { data_files: { train: data/rows.jsonl, test: data/rows.jsonl } }";
const load = (location: string, options: Record<string, unknown> = {}): Promise<Suite> =>
  lmEval.load({ location, options, quick: false });

const choiceTask = `task: which
${data}
training_split: train
test_split: test
output_type: multiple_choice
description: "Choose.\\n\\n"
doc_to_text: "{{question}}\\nAnswer:"
doc_to_choice: "{{options}}"
doc_to_target: gold
num_fewshot: 1
fewshot_split: test
fewshot_config: { sampler: first_n }
metric_list: [{ metric: acc_norm }, { metric: acc }]
metadata: { version: 2.0 }
`;

test("a task of choices: description, examples that are not the question itself, choices, measure", async () => {
  const suite = await load(write("which.yaml", choiceTask));
  const [task] = suite.tasks;
  expect(task).toMatchObject({ id: "which", mode: "likelihood", normalizeBy: "characters" });
  expect([task!.train.length, task!.validation.length, task!.test.length]).toEqual([7, 1, 8]);
  const text = task!.test.slice(0, 2).map(({ input }) => inputText(input));
  expect(text).toEqual([
    "Choose.\n\nWhich is 1?\nAnswer: number 1\n\nWhich is 0?\nAnswer:",
    "Choose.\n\nWhich is 0?\nAnswer: number 0\n\nWhich is 1?\nAnswer:",
  ]);
  expect(task!.test[0]).toMatchObject({ choices: ["none", "number 0"], references: ["number 0"] });
});

test("tasks without training data are probes of those that have some, or are only evaluated where none has", async () => {
  const generated = `include: which.yaml
task: count
training_split: null
output_type: generate_until
description: ""
num_fewshot: 0
doc_to_text: question
doc_to_target: "{{answer}}"
doc_to_choice: ["0","1","2","3","4","5","6","7"]
metric_list: [{ metric: exact_match, ignore_case: true }]
generation_kwargs: { until: ["\\n", "."], max_gen_toks: 5, do_sample: false }
filter_list:
  - { name: strict, filter: [{ function: remove_whitespace }, { function: take_first }] }
  - { name: loose, filter: [{ function: regex, regex_pattern: "(\\\\d+)", group_select: -1 }] }
`;
  write("both/which.yaml", choiceTask.replaceAll("data/rows", "../data/rows"));
  write("both/count.yaml", generated);
  const both = await load(join(root, "both"));
  expect([both.tasks.map(({ id }) => id), both.probes.map(({ id }) => id)]).toEqual([["which"], ["count"]]);
  expect(both.notes).toEqual(["measured as probes: count"]);
  expect(both.probes[0]).toMatchObject({
    ...{ kind: "general", maxNewTokens: 5, stop: ["\n", "."] },
    scorer: { name: "lm-eval-match", options: { ignore_case: true } },
    alsoScored: { loose: { name: "lm-eval-match" } },
  });
  expect(both.probes[0]!.examples[3]!.references).toEqual(["3"]);
  const alone = await load(join(root, "both/count.yaml"));
  expect([alone.tasks[0]!.id, alone.tasks[0]!.train]).toEqual(["count", []]);
  const chosen = await load(join(root, "both"), { probes: ["which"] });
  expect(chosen.probes.map(({ id }) => id)).toEqual(["which"]);
});

const plain = `task: t\n${data}\ntest_split: test\ndoc_to_text: question\ndoc_to_target: "{{answer}}"\n`;

test.each<[string, string, RegExp]>([
  ["a function", `${plain}process_docs: !function utils.process\n`, /Unresolved tag: !function/],
  ["an unknown key", `${plain}gen_prefix: So\n`, /"gen_prefix"/],
  ["an unknown filter", `${plain}filter_list: [{ name: x, filter: [{ function: majority_vote }] }]\n`, /filter_list/],
  ["an unknown metric", `${plain}metric_list: [{ metric: bleu }]\n`, /metric_list/],
  [
    "a metric of another kind",
    `${plain}metric_list: [{ metric: acc }]\n`,
    /metric "acc" is no metric of generate_until/,
  ],
  ["sampling", `${plain}generation_kwargs: { do_sample: true }\n`, /do_sample/],
  ["drawn examples", `${plain}num_fewshot: 2\nfewshot_split: train\n`, /Python's random numbers/],
  ["a split that is not there", `${plain}validation_split: dev\n`, /no split "dev"/],
  ["a member that no row has", plain.replace("{{answer}}", "{{answers[0]}}"), /cannot be rendered for row 1/],
  ["a method of Python", plain.replace("{{answer}}", "{{question.zfill(3)}}"), /cannot be rendered for row 1/],
  ["a template that does not close", plain.replace("{{answer}}", "{{answer"), /doc_to_target is not understood/],
  ["an answer beyond the choices", choiceTask.replace("target: gold", "target: 7"), /none of its 2 choices/],
  ["data of a loader without files", plain.replace(/dataset_kwargs.*\n/, ""), /needs dataset_kwargs/],
  ["a lacking key", plain.replace("task: t\n", ""), /lacks "task"/],
])("%s is refused by its name", async (name, content, message) => {
  const file = write(`refused/${name.replaceAll(" ", "-")}.yaml`, content.replaceAll("data/rows", "../data/rows"));
  await expect(load(file)).rejects.toMatchObject({
    code: expect.stringMatching(/_INVALID$/),
    message: expect.stringMatching(message),
  });
});

test("templates are rendered as Python's Jinja does with lm-eval's settings", () => {
  const render = (source: string, row: object = { flag: true, none: 1, n: 3n, list: ["a", "b"], f: 2 }) =>
    lmEvalTemplate(source)(row as Record<string, unknown>);
  expect(render("a\n{% if flag %}\nb\n{% endif %}\nc\n")).toBe("a\n\nb\n\nc\n");
  expect(render("{{flag}} {{n}} {{none}} {{list | join('+')}} {{list[1]}}")).toBe("True 3 None a+b b");
  expect(render("{{list}}")).toEqual(["a", "b"]);
  expect(render("{{[list[0], 'x']}}")).toEqual(["a", "x"]);
  expect(render("{% set x = 'y' %}{{x}}")).toBe("y");
  expect(render("{% for each in list %}{{loop.index}}{{each}} {% endfor %}")).toBe("1a 2b ");
  expect(() => render("so: {{list}}")).toThrow("prints a list");
  expect(() => render("so: {{missing}}")).toThrow("does not have");
});

test("patterns mean what they mean in Python, or are refused", () => {
  const all = (source: string, text: string) => [...text.matchAll(pythonPattern(source))].map(([found]) => found);
  expect(all("\\d+", "1 ٢٣ x")).toEqual(["1", "٢٣"]);
  expect(all("[\\w']+", "naïve l'été_1!")).toEqual(["naïve", "l'été_1"]);
  expect(all("#### (\\-?[0-9\\.\\,]+)", "#### -1,200.5")).toEqual(["#### -1,200.5"]);
  expect(all("a.$", "a\rab\n")).toEqual(["ab"]);
  expect(all("x{2}|y{z|[]]", "xx y{z ]")).toEqual(["xx", "y{z", "]"]);
  for (const source of ["(?i)a", "(?P<x>a)", "\\bword", "\\Aa", "[^\\W]"]) {
    expect(() => pythonPattern(source)).toThrow("has no equal here");
  }
});

test("filters and what exact_match ignores are applied in lm-eval's order", () => {
  const score = (output: string, options: object, references = ["42"]) =>
    lmEvalMatch.score({ id: "x", input: [], references }, output, { filter: [], ...options }).score;
  expect(score(" 42\n", {})).toBe(0);
  expect(score(" 42\n", { filter: [{ function: "remove_whitespace" }] })).toBe(1);
  const last = { function: "regex", regex_pattern: "(-?[$0-9.,]{2,})|(-?[0-9]+)", group_select: -1 };
  expect(score("7 is 42", { filter: [last] })).toBe(1);
  expect(score("none", { filter: [last] }, ["[invalid]"])).toBe(1);
  expect(
    score("Forty-2, TWO", { ignore_case: true, ignore_punctuation: true, ignore_numbers: true }, ["forty two"]),
  ).toBe(1);
  expect(score("a, b", { regexes_to_ignore: [",", " "] }, ["ab"])).toBe(1);
});

describe.skipIf(!hasPackages("lm_eval", "torch"))("in comparison with lm_eval", () => {
  const model = embeddedModel;

  async function writeProbes(): Promise<string> {
    const { probes } = await (await loadRegistry(rooms)).suite("trace-seq").load({ options: {}, quick: true });
    const items = (name: string) => probes.find(({ id }) => id === name)!.examples.slice(0, 24);
    for (const name of ["reading", "facts", "arithmetic"]) {
      const lines = items(name).map(({ input, references: [answer] }) => ({
        question: inputText(input),
        ...{ answer, options: ["yes", "not at all"], gold: answer === "yes" ? 0 : 1 },
      }));
      const file = write(`compared/${name}.jsonl`, lines.map((line) => JSON.stringify(line)).join("\n"));
      write(
        `compared/${name}.yaml`,
        `task: ${name}\ndataset_path: json\ndataset_kwargs: { data_files: { test: ${file} } }\ntest_split: test\n${rest[name]}`,
      );
    }
    return join(root, "compared");
  }

  const rest: Record<string, string> = {
    reading: `output_type: multiple_choice
description: "Read.\\n\\n"
doc_to_text: question
doc_to_choice: "{{options}}"
doc_to_target: gold
num_fewshot: 2
fewshot_config: { sampler: first_n }
fewshot_split: test
metric_list: [{ metric: acc_norm, aggregation: mean, higher_is_better: true }, { metric: acc, aggregation: mean, higher_is_better: true }]
`,
    facts: `doc_to_text: "{{question}}"
doc_to_target: answer
generation_kwargs: { until: ["e"], max_gen_toks: 6, do_sample: false }
filter_list: [{ name: stripped, filter: [{ function: remove_whitespace }, { function: take_first }] }]
metric_list: [{ metric: exact_match, aggregation: mean, higher_is_better: true, ignore_case: true }]
`,
    arithmetic: `doc_to_text: question
doc_to_target: "{{answer}}"
generation_kwargs: { max_gen_toks: 8, do_sample: false }
filter_list:
  - { name: last, filter: [{ function: regex, regex_pattern: '(-?[0-9.,]{2,})|(-?[1-9])', group_select: -1 }, { function: take_first }] }
`,
  };

  test("scores, likelihoods and answers are the same", async () => {
    const tasks = await writeProbes();
    const { stderr, code } = await bench(["evaluate", model, `lm_eval:${tasks}`, "--out", "run"], root);
    expect(code, stderr).toBe(0);
    const environment = { ...process.env, HF_HUB_OFFLINE: "1", HF_DATASETS_OFFLINE: "1", HF_HOME: join(root, "hf") };
    const given = [join(packageRoot, "test/oracle/lm_eval_scores.py"), model, tasks, ...Object.keys(rest)];
    const { stdout } = await promisify(execFile)(python, given, { cwd: root, env: environment, maxBuffer: 2 ** 26 });
    const theirs = JSON.parse(stdout);
    const { cells } = JSON.parse(readFileSync(join(root, "run/run.json"), "utf8"));
    const samples = readFileSync(join(root, "run/cells", cells[0].id, "samples.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ row }) => row === 0);
    for (const [task, measure] of [
      ["reading", "acc_norm,none"],
      ["facts", "exact_match,stripped"],
      ["arithmetic", "exact_match,last"],
    ] as const) {
      const own = samples.filter(({ set }) => set === task);
      expect(own).toHaveLength(24);
      const mean = own.reduce((sum, { score }) => sum + score, 0) / own.length;
      expect([task, mean]).toEqual([task, expect.closeTo(theirs[task].scores[measure], 12)]);
      for (const [index, { responses }] of theirs[task].samples.entries()) {
        const { output, likelihoods } = own[index];
        if (task === "reading") {
          for (const [choice, [[value]]] of responses.entries()) expect(likelihoods[choice]).toBeCloseTo(value, 3);
        } else expect(output).toBe(responses[0][0].replace(/^ /, ""));
      }
    }
    const acc =
      samples.filter(({ set }) => set === "reading").reduce((sum, { otherScores }) => sum + otherScores.acc, 0) / 24;
    expect(acc).toBeCloseTo(theirs.reading.scores["acc,none"], 12);
    expect(theirs.facts.scores["exact_match,stripped"]).toBeLessThan(1); // answers with an e are cut
  });
});
