import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { readRegularFile } from "../../harness/contract/files/read-file.js";
import { packageRoot } from "../../harness/contract/files.js";
import type { Term } from "../../trainers/engine/objective.js";
import { openModel } from "../../trainers/engine/onnx/open.js";

/**
 * The peak memory of a process that trains a checkpoint on the embedded engine and answers with it, one thread: two steps
 * (three of 4 sequences) of 64 tokens, of which the last 16 are learned, then 8 answers of 16 tokens. The arguments are a
 * directory in Hugging Face format, the work (`full`, `ewc` or `lora`) and the sequences of a batch.
 *
 * Printed are the memory of its own and, apart, the pages of files, each once (libraries, and weights that stay in their
 * files); both from /proc, so on Linux. The resident size, which counts a file for every session that maps it, says less.
 */
const [directory, work = "full", size = "4"] = process.argv.slice(2);
if (directory === undefined) throw new Error("Name a directory in Hugging Face format.");
const length = 64;
const learned = 16;
const count = Number(size);

/** Looks at /proc every 10 ms, from a thread of its own: a native run blocks this one. */
const most = new Int32Array(new SharedArrayBuffer(4));
const watcher = new Worker(
  `const { workerData: most } = require("node:worker_threads");
   const { readFileSync } = require("node:fs");
   setInterval(() => {
     const own = Number(/RssAnon:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);
     most[0] = Math.max(most[0], own);
   }, 10);`,
  { eval: true, workerData: most },
);

const model = await openModel(directory, { device: "cpu", threads: 1, seed: 1 });
const words = model.tokenizer.encode(readRegularFile(join(packageRoot, "README.md")).toString("utf8"));
const drawBatch = (step: number) =>
  Array.from({ length: count }, (_, i) => {
    const start = (length * (step * count + i)) % (words.length - length);
    const tokens = words.slice(start, start + length);
    return { tokens, weights: tokens.map((_, place) => (place < length - learned ? 0 : 1)) };
  });

if (work === "lora") {
  await model.adapt({ kind: "lora", rank: 8, alpha: 16, dropout: 0, targetModules: ["q_proj", "v_proj"] }, 1);
}
const penalty: Term[] = [];
if (work === "ewc") {
  const anchor = await model.snapshot();
  const importance = await model.fisher(drawBatch(9).slice(0, 2), "empirical", 1);
  penalty.push({ kind: "quadratic", anchor, importance, weight: 0.1 });
}
const update = { learningRate: 1e-5, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, clip: 1 };
for (let step = 0; step < (count === 4 ? 3 : 2); step++) {
  const batch = drawBatch(step);
  await model.step({ terms: [{ kind: "language-modeling", batch, weight: 1 }, ...penalty] }, update);
}
const requests = Array.from({ length: 8 }, (_, i) => ({ id: `${i}`, tokens: words.slice(120 * i, 120 * i + length) }));
await model.generate(requests, { maxNewTokens: 16 });
const { user, system } = process.cpuUsage();
const filePages = Number(/^Pss_File:\s+(\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))![1]);
const gigabytes = (kilobytes: number) => `${((kilobytes * 1024) / 1e9).toFixed(2)} GB`;
await watcher.terminate();
console.log(
  `${work}, ${count} × ${length} tokens: peak ${gigabytes(most[0]!)} of its own, ${gigabytes(filePages)} in files at the end; ${((user + system) / 1e6).toFixed(1)} s of processor time`,
);
