import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { random } from "../../../harness/contract/random.js";
import { packedBatch } from "../../../trainers/engine/onnx/packed-llama.js";
import { tripletsOf } from "../../../trainers/methods/isolation/rank-budget.js";
import { readConfig } from "../../../trainers/model/config.js";
import { prefillGraph } from "../../../trainers/model/generation/graphs.js";
import { runPacked } from "../../../trainers/model/generation/inference.js";
import { openModel } from "../../../trainers/model/index.js";
import { openTokenizer } from "../../../trainers/model/tokenizer.js";
import { openForInference } from "./inference-model.js";
import { llamaConfig, qwen2Config, temporaryDirectory, writeTinyModel } from "./tiny-model.js";

/*
 * Runs where Python has torch, transformers and peft; PYTHON names the interpreter. MODEL_DIRECTORY adds a real model:
 *     PYTHON=…/bin/python MODEL_DIRECTORY=…/SmolLM2-135M npx vitest run test/trainers/model/transformers
 */
const root = resolve(import.meta.dirname, "../../..");
const python = process.env.PYTHON ?? "python3";
const probe = spawnSync(python, ["-c", "import torch, transformers, peft"], { encoding: "utf8" });
const missing = probe.status === 0 ? null : (probe.error?.message ?? probe.stderr.trim().split("\n").at(-1));
if (missing !== null) {
  console.log(`Agreement with transformers skipped: ${python}: ${missing}. PYTHON names another interpreter.`);
}

const texts = [
  "the rain in Spain",
  " Zwölf Boxkämpfer\njagen  Viktor",
  "现在几点了？",
  "def f(x):\n\treturn x**2 # 🙂",
  "",
];
const messages = [
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Hello." },
  { role: "user", content: "Bye" },
];

interface Answer {
  logits: number[][][];
  ids: number[][];
  decoded: string[];
  chat: string | null;
}

const { rope_theta: _theta, rope_scaling: _scaling, ...withoutRope } = llamaConfig();
const variants: Record<string, Record<string, unknown>> = {
  "Qwen2: biases, grouped queries, tied embeddings": qwen2Config(),
  "Llama: RoPE scaled as Llama 3 does, a head size of its own, untied embeddings": llamaConfig(),
  "Llama with biases everywhere": { ...llamaConfig(), attention_bias: true, mlp_bias: true },
  "Llama: linear RoPE scaling, as transformers 5 writes it": {
    ...withoutRope,
    rope_parameters: { rope_type: "linear", rope_theta: 300, factor: 4 },
  },
  Mistral: {
    ...withoutRope,
    architectures: ["MistralForCausalLM"],
    model_type: "mistral",
    rope_theta: 10000,
    sliding_window: null,
  },
};
const given = [join(root, "suites/trace-seq/model"), process.env.MODEL_DIRECTORY ?? ""];
const real = given.filter((directory) => existsSync(join(directory, "config.json")));
const saved = "what bench trained and saved";
const adapted = "a LoRA adapter that bench saved, opened by PEFT";
const stacked = "three stacked LoRA adapters, saved as one, opened by PEFT";
const adaptive = "an AdaLoRA adapter with pruned triplets, opened by PEFT";
const names = [...Object.keys(variants), ...real, saved, adapted, stacked, adaptive];

function sequencesFor(directory: string): number[][] {
  const draw = random({ seed: 1, stream: "agreement" });
  const { vocabulary } = readConfig(directory).config;
  return [3, 40, 100].map((length) => Array.from({ length }, () => draw.integer(vocabulary)));
}

interface Saved {
  base: string;
  adapter: string;
  stacked: string;
  adaptive: string;
}

async function trainAndSave({ base, adapter, stacked, adaptive }: Saved): Promise<void> {
  const open = (directory: string) => openModel(directory, { device: "cpu", threads: 1, seed: 1 });
  const model = await open(writeTinyModel(qwen2Config(), 12));
  const update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
  const batch = [{ tokens: [40, 50, 60, 70, 80, 262], weights: [0, 1, 1, 1, 1, 1] }];
  const terms = [{ kind: "language-modeling" as const, batch, weight: 1 }];
  const train = async () => {
    for (let step = 0; step < 5; step++) await model.step({ terms }, update);
  };
  await train();
  await model.save(base);
  const lora = { rank: 3, alpha: 6, dropout: 0.1, targetModules: ["q_proj", "k_proj", "o_proj", "up_proj"] };
  await model.adapt(lora, 1);
  await train();
  await model.save(adapter);
  for (const seed of [2, 3]) {
    await model.stack(seed);
    await train();
  }
  await model.save(stacked);
  const other = await open(base);
  await other.adapt({ ...lora, kind: "adalora", targetRank: 2 }, 1);
  const { layout, length } = await other.trainable();
  const values = Float32Array.from({ length }, (_, i) => Math.sin(i + 1) / 4);
  const triplets = tripletsOf(layout);
  for (const { strength, row, column } of triplets.filter((_, i) => i % 4 === 0 || i < 3)) {
    for (const index of [strength, ...row, ...column]) values[index] = 0;
  }
  await other.restore(await other.write(values));
  await other.save(adaptive);
}

describe.skipIf(missing !== null)("agreement with transformers", () => {
  const cases = new Map<string, { directory: string; adapter?: string; answer?: Answer }>();

  beforeAll(async () => {
    for (const [name, config] of Object.entries(variants)) cases.set(name, { directory: writeTinyModel(config, 11) });
    for (const directory of real) cases.set(directory, { directory });
    const [directory, ...adapters] = [1, 2, 3, 4].map(() => temporaryDirectory()) as [string, string, string, string];
    await trainAndSave({ base: directory, adapter: adapters[0], stacked: adapters[1], adaptive: adapters[2] });
    cases.set(saved, { directory });
    for (const [i, name] of [adapted, stacked, adaptive].entries())
      cases.set(name, { directory, adapter: adapters[i]! });
    const requests = [...cases.values()].map((own) => ({
      ...own,
      sequences: sequencesFor(own.directory),
      texts,
      messages,
    }));
    const script = join(root, "test/oracle/transformers_logits.py");
    const run = spawnSync(python, [script], { input: JSON.stringify(requests), encoding: "utf8", maxBuffer: 2 ** 29 });
    if (run.status !== 0) throw new Error(run.stderr);
    const { answers, versions } = JSON.parse(run.stdout) as { answers: Answer[]; versions: Record<string, string> };
    console.log(versions);
    for (const [i, own] of [...cases.values()].entries()) own.answer = answers[i]!;
  });

  test.each(names)("%s: the same logits to 1e-4", async (name) => {
    const { directory, adapter, answer } = cases.get(name)!;
    const sequences = sequencesFor(directory);
    const batch = packedBatch(sequences.map((tokens) => ({ tokens, positions: tokens.map((_, i) => i) })));
    const { logits } = await runPacked(openForInference(directory, adapter), "prefill", prefillGraph, batch);
    const theirs = answer!.logits.flat(2);
    expect(theirs.length).toBe(143 * logits!.dims[1]!);
    const ours = logits!.data as Float32Array;
    const difference = theirs.reduce((largest, logit, i) => Math.max(largest, Math.abs(logit - ours[i]!)), 0);
    console.log(`${name}: largest difference of logits ${difference.toExponential(1)}`);
    expect(difference).toBeLessThan(1e-4);
  });

  test.each([adapted, stacked, adaptive])("%s: it changes the logits", (adapter) => {
    const [plain, other] = [saved, adapter].map((name) => cases.get(name)!.answer!.logits[1]![9]![5]!);
    expect(Math.abs(plain! - other!)).toBeGreaterThan(1e-3);
  });

  test.each(names)("%s: the same tokens, texts and chat", (name) => {
    const { directory, answer } = cases.get(name)!;
    const tokenizer = openTokenizer(directory);
    expect(texts.map((text) => tokenizer.encode(text))).toEqual(answer!.ids);
    expect(answer!.ids.map((ids) => tokenizer.decode(ids))).toEqual(answer!.decoded);
    expect(tokenizer.hasChatTemplate).toBe(answer!.chat !== null);
    if (tokenizer.hasChatTemplate) expect(tokenizer.chat(messages)).toBe(answer!.chat);
  });
});
