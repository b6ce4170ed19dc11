#!/usr/bin/env node
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { answers, encodingOf, openOptions, takeStep } from "./bench-pretrain.js";
import { writeFileAtomically } from "./harness/contract/files.js";
import { random } from "./harness/contract/random.js";
import { groupBy } from "./harness/metrics/statistics/clusters.js";
import { baseModelDirectory } from "./suites/complete-suite.js";
import { readerDirectory } from "./suites/knowledge-seq/generate.js";
import { type ReadingItem, readingItem } from "./suites/knowledge-seq/reading.js";
import { readerBatches, readerRate, readerRecipe } from "./suites/knowledge-seq/recipe.js";
import { openModel } from "./trainers/engine/onnx/open.js";

const measuredItems = 1000;

/** Trains the base model of trace-seq to answer from passages, and writes it with its card. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: "string", default: readerDirectory } } });
  const work = mkdtempSync(join(tmpdir(), "reader-"));
  let from = baseModelDirectory;
  let before = 0;
  const { phases } = readerRecipe;
  for (const [index, phase] of phases.entries()) {
    const model = await openModel(from, openOptions);
    const batchAt = readerBatches(encodingOf(model));
    for (let step = 0; step < phase.steps; step++) {
      const batch = batchAt(before + step, step);
      const { loss } = await takeStep(model, batch, readerRate(step, phase), readerRecipe);
      if (step % 100 === 99) process.stderr.write(`phase ${index + 1}, step ${step + 1}: loss ${loss.toFixed(3)}\n`);
    }
    before += phase.steps;
    from = index === phases.length - 1 ? values.out : join(work, `phase-${index + 1}`);
    await model.save(from);
    await model.release();
  }
  rmSync(work, { recursive: true });
  const card = await readerCard(values.out);
  writeFileAtomically(join(values.out, "README.md"), card);
  process.stdout.write(card);
}

/** What the model can do, measured on items that were not trained on. */
export async function readerCard(directory: string): Promise<string> {
  const model = await openModel(directory, openOptions);
  const items = Array.from({ length: measuredItems }, (_, item) =>
    readingItem(random({ seed: 2, stream: "reading", item })),
  );
  const prompts = items.map(({ prompt }) => prompt);
  const replies = await answers(model, prompts, { maxNewTokens: 4 });
  await model.release();
  const groups = groupBy([...items.keys()], (index) => groupOf(items[index]!));
  const rows = [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, places]) => {
      const right = places.filter((place) => replies[place]!.trim() === items[place]!.answer).length;
      return `| ${name} | ${places.length} | ${Math.round((100 * right) / places.length)}% |`;
    });
  const [first, second] = readerRecipe.phases;
  return `---
license: apache-2.0
pipeline_tag: text-generation
---
# The base model of knowledge-seq

The base model of trace-seq (a Qwen2 of 549,312 parameters; same tokenizer), trained further to answer from passages that precede a question, and to
answer "unknown" where they do not tell. Facts were drawn anew for every item, so it knows none of them by heart. Every sixth batch was one of
trace-seq's pretraining, so that general abilities remain; items of the suite's probes may be among them.

Training: ${first!.steps} steps at a rate of ${readerRecipe.learningRate}, then ${second!.steps} steps with a linear fall to 5%, ${readerRecipe.items} items a step, AdamW, weight decay ${readerRecipe.weightDecay}.
Made by \`npm run pretrain:reader\`, deterministic: the same machine gives the same bits.

## What it can do

Greedy answers to ${measuredItems} new items, exact match.

| items | number | right |
|---|---|---|
${rows.join("\n")}
`;
}

function groupOf({ prompt, answer }: ReadingItem): string {
  const passages = prompt.split("\n").length - 2;
  return `${passages} passage${passages === 1 ? "" : "s"}, ${answer === "unknown" ? "not told" : "told"}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
