import { join } from "node:path";
import { readRegularFile } from "../../harness/contract/files/read-file.js";
import { packageRoot } from "../../harness/contract/files.js";
import type { Generation } from "../../harness/contract/trainer.js";
import { openModel } from "../../trainers/engine/onnx/open.js";
import { median } from "./median.js";
import { pythonSide } from "./python-side.js";

/**
 * The same prompts continued by the embedded engine and by transformers, greedily, one thread each, in turns: one at a time,
 * eight and 24. Prompts are passages of README.md, of 28 to 112 tokens, all of 64, or with 96 tokens in common. The argument is a directory in Hugging Face format
 * (the embedded model of trace-seq unless given), PYTHON an interpreter with transformers, ROUNDS how often (5).
 */
const directory = process.argv[2] ?? join(packageRoot, "suites/trace-seq/model");
const rounds = Number(process.env.ROUNDS ?? 5);
const newTokens = 32;
const model = await openModel(directory, { device: "cpu", threads: 1, seed: 1 });
const words = model.tokenizer.encode(readRegularFile(join(packageRoot, "README.md")).toString("utf8"));
const passages = (length: (index: number) => number) =>
  Array.from({ length: 8 }, (_, i) => words.slice(120 * i, 120 * i + length(i)));
const [mixed, even] = [passages((i) => 28 + 12 * i), passages(() => 64)];
const questions = Array.from({ length: 24 }, (_, i) => [
  ...words.slice(2000, 2096),
  ...words.slice(60 * i, 60 * i + 12 + i),
]);
const cases = [
  { work: "one at a time", prompts: mixed, size: 1 },
  { work: "eight of 64 tokens", prompts: even, size: 8 },
  { work: "eight of 28 to 112 tokens", prompts: mixed, size: 8 },
  { work: "24 of 108 to 131 tokens, 96 in common", prompts: questions, size: 24 },
];

const { python, ask, end } = pythonSide("generation-comparison.py");
const { version, torch, error } = await ask({ directory, newTokens, endTokens: model.tokenizer.endTokens });
if (error) throw new Error(`${python}: ${error}; PYTHON names an interpreter with torch and transformers.`);

/** Processor seconds and all answers, so many prompts at a time. */
async function here(prompts: number[][], size: number): Promise<{ seconds: number; answers: Generation[] }> {
  const started = process.cpuUsage();
  const answers: Generation[] = [];
  for (let start = 0; start < prompts.length; start += size) {
    const requests = prompts.slice(start, start + size).map((tokens, i) => ({ id: `${start + i}`, tokens }));
    answers.push(...(await model.generate(requests, { maxNewTokens: newTokens })));
  }
  const { user, system } = process.cpuUsage(started);
  return { seconds: (user + system) / 1e6, answers };
}

const rows = [];
for (const { work, prompts, size } of cases) {
  const [ours, theirs, ratios]: [number[], number[], number[]] = [[], [], []];
  let [equal, tokens] = [0, 0];
  for (let round = 0; round <= rounds; round++) {
    const own = await here(prompts, size);
    const other = await ask({ prompts, size });
    equal = own.answers.filter(({ text }, i) => text === model.tokenizer.decode(other.answers[i])).length;
    tokens = own.answers.reduce((sum, answer) => sum + answer.tokens!, 0);
    if (round === 0) continue; // warms up
    ours.push(own.seconds);
    theirs.push(other.seconds);
    ratios.push(other.seconds / own.seconds);
  }
  const perToken = (seconds: number[]) => ((1000 * median(seconds)) / tokens).toFixed(1);
  rows.push({
    work,
    "ms a token here": perToken(ours),
    "in transformers": perToken(theirs),
    "speed ratio": median(ratios).toFixed(2),
    from: Math.min(...ratios).toFixed(2),
    to: Math.max(...ratios).toFixed(2),
    "equal answers": `${equal} of ${prompts.length}`,
  });
}
end();
console.log(`transformers ${version}, torch ${torch}; processor time, ${rounds} rounds in turns after one to warm up`);
console.table(rows);
