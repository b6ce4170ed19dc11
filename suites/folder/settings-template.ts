import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { BenchError } from "../../harness/contract/errors.js";
import { findTasks } from "./layout/index.js";

/**
 * A `suite.yaml` to start from: every key explained, with the tasks of the directory.
 *
 * @returns the text; the settings change nothing until a line is uncommented.
 */
export function settingsTemplate(directory: string): string {
  const names = taskNames(directory);
  const [first] = names;
  const list = (values: readonly string[]) => `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
  return `# Settings of the suite in this directory: bench run ./${basename(resolve(directory))}
# Whatever is left out is inferred from the data; \`bench validate\` says what was.

# title: ${JSON.stringify(basename(resolve(directory)))}
# version: "1"            # part of the suite's digest: raise it when the data means something else

# Columns of prompt and answer, or texts with columns in braces. Known forms need none: prompt and answer,
# messages, ShareGPT, Alpaca, Super-NaturalInstructions, CL_Benchmark, question and answer, text and label.
# columns:
#   prompt: "Question: {question}\\nAnswer:"
#   answer: answer
#   # group: document    # rows of one group are not independent: comparisons count groups

# Words for the answers in the files: a list by number from 0, or a map.
# labels: ["no", "yes"]

# Sequences of all tasks; alphabetical when absent. \`bench run --orders 3\` adds seeded shuffles.
# orders:
#   forward: ${list(names)}
#   backward: ${list(names.toReversed())}

# Probes are asked after every task and never trained: tasks of lm-evaluation-harness, by paths from this file.
# probes:
#   - lm_eval: probes/arithmetic.yaml    # or a directory of such files
#     kind: general                      # or instruction, safety, unseen

# tasks:
#   ${JSON.stringify(first)}:
#     title: ${JSON.stringify(first)}
#     language: en         # BCP 47, or "code"
#     scorer: exact-match  # bench list scorers; or { name: number, options: { marker: "####" } }
#     maxNewTokens: 32     # most tokens of an answer
#     choices: ["no", "yes"]
#     stop: ["\\n"]         # generation ends before any of these
#     columns: { prompt: question, answer: answer }
#     labels: { "0": "no", "1": "yes" }
#     files:               # patterns of paths from this directory; with train alone a fifth of the prompts is the test
#       train: "data/train-*.parquet"
#       validation: data/dev.jsonl
#       test: data/test.csv
`;
}

/** The tasks of the directory, or an example where it has none yet. */
function taskNames(directory: string): string[] {
  if (!existsSync(directory)) return ["my-task"];
  try {
    return findTasks(directory, basename(resolve(directory)), {}).map(({ name }) => name);
  } catch (error) {
    if (error instanceof BenchError && error.code === "DATA_INVALID") return ["my-task"];
    throw error;
  }
}
