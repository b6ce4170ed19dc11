import type { Cells, Row } from "./cells.js";

/** The files that O-LoRA's `CL_Benchmark` keeps next to the rows of a data set. */
export interface BenchmarkContext {
  /** The content of `labels.json`. */
  labels: string[];
  /** The name of the folder above: the kind of task. */
  category: string;
}

/** The instructions of O-LoRA (arXiv 2310.14152), by kind of task. */
const instructions: Record<string, string> = {
  NLI: 'What is the logical relationship between the "sentence 1" and the "sentence 2"? ',
  QQP: 'Whether the "first sentence" and the "second sentence" have the same meaning? ',
  SC: "What is the sentiment of the following paragraph? ",
  TC: "What is the topic of the following paragraph? ",
  BoolQA: "According to the following passage, is the question true or false? ",
  MultiRC: "According to the following passage and question, is the candidate answer true or false? ",
  WiC: "Given a word and two sentences, whether the word is used with the same sense in both sentence? ",
};

/** A row of `{ sentence, label }`, asked for as O-LoRA asks. */
export function readBenchmarkRow(cells: Cells, { labels, category }: BenchmarkContext): Row {
  const instruction = `${Object.hasOwn(instructions, category) ? instructions[category] : ""}Choose one from the option.\nOption: ${labels.join(", ")} \n`;
  return { prompt: `${instruction}${cells.text("sentence")}\nAnswer:`, references: cells.references("label") };
}
