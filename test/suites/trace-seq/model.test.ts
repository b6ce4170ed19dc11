import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { inputText, type Probe } from "../../../harness/contract/suite.js";
import { scorers } from "../../../harness/score/index.js";
import { baseModelDirectory } from "../../../suites/complete-suite.js";
import { generateSuite } from "../../../suites/trace-seq/generate.js";
import type { Model } from "../../../trainers/engine/contract.js";
import { openModel } from "../../../trainers/engine/onnx/open.js";

const suite = generateSuite(true);
let model: Model;
beforeAll(async () => {
  model = await openModel(baseModelDirectory, { device: "cpu", threads: 1, seed: 0 });
});
afterAll(() => model.release());

async function scoreOf({ examples, scorer, maxNewTokens }: Probe): Promise<number> {
  const requests = examples.map(({ id, input }) => ({
    id,
    tokens: [model.tokenizer.beginToken!, ...model.tokenizer.encode(inputText(input))],
  }));
  const answers = await model.generate(requests, { maxNewTokens });
  const { score } = scorers.find(({ name }) => name === scorer.name)!;
  const scores = examples.map((example, i) => score(example, answers[i]!.text, scorer.options ?? {}).score);
  return scores.reduce((sum, value) => sum + value, 0) / scores.length;
}

it("is a small Qwen2 in Hugging Face format", () => {
  const config = JSON.parse(readFileSync(join(baseModelDirectory, "config.json"), "utf8"));
  expect(config.architectures).toEqual(["Qwen2ForCausalLM"]);
  expect(config.vocab_size).toBe(model.tokenizer.vocabularySize);
  expect(statSync(join(baseModelDirectory, "model.safetensors")).size).toBeLessThan(3_000_000);
  expect(readFileSync(join(baseModelDirectory, "README.md"), "utf8")).toContain("npm run pretrain");
});

it("has general abilities worth losing: every probe far above chance", async () => {
  const scores = new Map<string, number>();
  for (const probe of suite.probes.filter(({ kind }) => kind !== "unseen")) scores.set(probe.id, await scoreOf(probe));
  const mean = [...scores.values()].reduce((sum, value) => sum + value, 0) / scores.size;
  expect(mean).toBeGreaterThan(0.85);
  expect([...scores].filter(([, score]) => score < 0.6)).toEqual([]);
});
