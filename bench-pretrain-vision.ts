#!/usr/bin/env node
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { encodingOf, machine, meanScore, openOptions, takeStep } from "./bench-pretrain.js";
import { writeFileAtomically } from "./harness/contract/files.js";
import { baseModelDirectory } from "./suites/complete-suite.js";
import { probesOf, visionModelDirectory } from "./suites/mm-seq/generate.js";
import { pictureFile } from "./suites/mm-seq/pictures/picture-files.js";
import { visionBatches, visionItem } from "./suites/mm-seq/pretraining/batches.js";
import { initialVision } from "./suites/mm-seq/pretraining/initial-vision.js";
import { abilityNames } from "./suites/mm-seq/pretraining/questions.js";
import { visionRate, visionRecipe } from "./suites/mm-seq/pretraining/recipe.js";
import { visionCard } from "./suites/mm-seq/pretraining/vision-card.js";
import { type LanguageFiles, visionFiles } from "./suites/mm-seq/pretraining/vision-files.js";
import { promptsOf } from "./suites/trace-seq/assemble.js";
import { generateSuite } from "./suites/trace-seq/generate.js";
import type { Model } from "./trainers/engine/contract.js";
import { openModel } from "./trainers/engine/onnx/open.js";
import { readFields } from "./trainers/model/config.js";
import { type NamedTensor, readHeader, readTensor, writeSafetensors } from "./trainers/model/safetensors.js";
import { visionOf } from "./trainers/model/vision/llava.js";
import { visionShapes } from "./trainers/model/vision/vision-config.js";

const measuredItems = 100;

/** Joins a new vision tower to the base model of trace-seq, trains both in LLaVA's two stages, and writes the model's card. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: "string", default: visionModelDirectory } } });
  const work = mkdtempSync(join(tmpdir(), "vision-"));
  const started = performance.now();
  writeUntrained(join(work, "start"));
  const model = await openModel(join(work, "start"), openOptions);
  const suite = generateSuite(false);
  const batchAt = visionBatches({
    encoding: encodingOf(model),
    image: model.images!,
    store: (pixels) => pictureFile(pixels, join(work, "pictures")),
    taskItems: suite.tasks.flatMap(({ train }) => train),
    excluded: promptsOf(suite.probes),
  });
  for (const stage of visionRecipe.stages) {
    await model.optimizer.reset();
    for (let step = 0; step < stage.steps; step++) {
      const options = { ...visionRecipe, componentRates: stage.componentRates };
      const { loss } = await takeStep(model, batchAt(stage, step), visionRate(step, stage), options);
      if (step % 100 === 99) process.stderr.write(`${stage.name}, step ${step + 1}: loss ${loss.toFixed(3)}\n`);
    }
  }
  await model.save(values.out);
  await model.release();
  rmSync(work, { recursive: true });
  const card = await measuredCard(values.out, (performance.now() - started) / 1000);
  writeFileAtomically(join(values.out, "README.md"), card);
  process.stdout.write(card);
}

/** The card of a finished model that took so many seconds, with what is measured of it. */
export async function measuredCard(directory: string, seconds: number): Promise<string> {
  const pictures = mkdtempSync(join(tmpdir(), "vision-probes-"));
  const model = await openModel(directory, openOptions);
  const { parameters } = model;
  const vision = await visionScores(model, pictures);
  const language = await languageScores(model);
  await model.release();
  rmSync(pictures, { recursive: true });
  return visionCard({ parameters, seconds, machine, vision, language });
}

/** The language model with a tower of random weights and a row more in its embedding: that of the image token. */
function writeUntrained(directory: string): void {
  const parsed = (name: string) => JSON.parse(readFileSync(join(baseModelDirectory, name), "utf8"));
  const names = ["config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json"];
  const language = Object.fromEntries(names.map((name) => [name, parsed(name)])) as unknown as LanguageFiles;
  for (const [name, content] of Object.entries(visionFiles(language, visionRecipe.tower)))
    writeFileAtomically(join(directory, name), `${JSON.stringify(content, null, name === "tokenizer.json" ? 0 : 2)}\n`);
  const { hidden_size: width } = parsed("config.json") as { hidden_size: number };
  const vision = visionOf(directory, readFields(directory));
  const tensors = [...readHeader(join(baseModelDirectory, "model.safetensors"))].map(([name, stored]): NamedTensor => {
    const values = readTensor(stored);
    const grows = name === "model.embed_tokens.weight";
    return {
      name: `language_model.${name}`,
      shape: grows ? [stored.shape[0]! + 1, stored.shape[1]!] : stored.shape,
      values: grows ? Float32Array.from([...values, ...new Float32Array(width)]) : values,
    };
  });
  const seen = initialVision(visionShapes(vision, width), visionRecipe.seed);
  writeSafetensors(join(directory, "model.safetensors"), [...tensors, ...seen]);
}

/** The share of right answers to new questions on pictures, by ability. */
async function visionScores(model: Model, directory: string): Promise<Record<string, number>> {
  const { beginToken, encode } = encodingOf(model);
  const scores: Record<string, number> = {};
  for (const ability of abilityNames) {
    const items = Array.from({ length: measuredItems }, (_, item) => visionItem("probe", ability, item));
    const requests = items.map(({ pixels, question }, id) => ({
      id: String(id),
      tokens: [beginToken, ...model.images!, ...encode(`\n${question}`)],
      images: [pictureFile(pixels, directory)],
    }));
    const replies = await model.generate(requests, { maxNewTokens: 20 });
    scores[ability] = items.filter(({ answer }, index) => replies[index]!.text.trim() === answer).length / items.length;
  }
  return scores;
}

/** Scores on the suite's probes, by title. */
async function languageScores(model: Model): Promise<Record<string, number>> {
  const scores: Record<string, number> = {};
  for (const { title, examples, scorer, maxNewTokens } of probesOf(generateSuite(false), false))
    scores[title] = await meanScore(model, examples, scorer, maxNewTokens);
  return scores;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
