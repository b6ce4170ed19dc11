import { join } from "node:path";
import { expect, test } from "vitest";
import { inputText } from "../../../harness/contract/suite.js";
import { loadFolder } from "./load-folder.js";
import { rowsOf, useWorkspace } from "./workspace.js";

const workspace = useWorkspace();

const task = (name: string, more: string) => `task: ${name}
dataset_path: json
dataset_kwargs: { data_files: { test: sums.jsonl } }
test_split: test
doc_to_text: "{{question}} ="
${more}
`;
const generated = 'doc_to_target: "{{answer}}"\ngeneration_kwargs: { until: ["\\n"], max_gen_toks: 6 }';
const chosen = 'output_type: multiple_choice\ndoc_to_choice: ["1", "2", "3"]\ndoc_to_target: 0';

function writeData(settings: string): void {
  for (const split of ["train", "test"])
    workspace.write(
      `colors/${split}.json`,
      rowsOf(12, (index) => `color ${index}`),
    );
  const sums = Array.from({ length: 5 }, (_, index) => JSON.stringify({ question: `${index} + 1`, answer: index + 1 }));
  workspace.write("probes/sums.jsonl", sums.join("\n"));
  workspace.write("probes/sums.yaml", task("sums", generated));
  workspace.write("probes/choices.yaml", task("choices", chosen));
  workspace.write("suite.yaml", settings);
}

test("tasks of lm-eval are probes of a folder, by kind; they are part of the digest", async () => {
  writeData("title: colors\n");
  const without = await loadFolder(workspace.directory);
  workspace.write(
    "suite.yaml",
    "title: colors\nprobes: [{ lm_eval: probes/sums.yaml, kind: safety }, { lm_eval: probes/choices.yaml }]\n",
  );
  const suite = await loadFolder(workspace.directory);
  expect(suite.tasks).toEqual(without.tasks);
  expect(suite.digest).not.toBe(without.digest);
  expect(suite.probes.map(({ id, kind, mode, examples }) => [id, kind, mode, examples.length])).toEqual([
    ["sums", "safety", undefined, 5],
    ["choices", "general", "likelihood", 5],
  ]);
  const [sums] = suite.probes;
  expect(inputText(sums!.examples[2]!.input)).toBe("2 + 1 =");
  expect(sums!.examples[2]!.references).toEqual(["3"]);
  expect(suite.inferredLimits).toEqual(["colors", "choices"]);
  expect((await loadFolder(workspace.directory, { settings: join(workspace.directory, "suite.yaml") })).digest).toBe(
    suite.digest,
  );

  workspace.write("suite.yaml", "title: colors\nprobes: [{ lm_eval: probes }]\n"); // a directory of tasks
  expect((await loadFolder(workspace.directory)).probes.map(({ id }) => id)).toEqual(["choices", "sums"]);
});

test.each([
  ["probes: [{ lm_eval: nowhere.yaml }]", { code: "DATA_INVALID" }],
  ["probes: [{ lm_eval: probes/sums.yaml, kind: vision }]", { code: "CONFIG_INVALID" }],
  ["probes: [probes/sums.yaml]", { code: "CONFIG_INVALID" }],
])("%s is refused", async (settings, error) => {
  writeData(settings);
  await expect(loadFolder(workspace.directory)).rejects.toMatchObject(error);
});
