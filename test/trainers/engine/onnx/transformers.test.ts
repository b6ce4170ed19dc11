import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { random } from "../../../../harness/contract/random.js";
import { architectures } from "../../../../trainers/engine/onnx/architectures/index.js";
import { packedBatch } from "../../../../trainers/engine/onnx/decoder/packed-forward.js";
import { openModel } from "../../../../trainers/engine/onnx/open.js";
import { tripletsOf } from "../../../../trainers/methods/isolation/rank-budget.js";
import { readConfig } from "../../../../trainers/model/config.js";
import { openTokenizer } from "../../../../trainers/model/tokenizer/tokenizer.js";
import { llamaFormat } from "../../../../trainers/model-formats.js";
import { embeddedModel } from "../../../files.js";
import { llamaConfig, qwen2Config, qwen3Config, temporaryDirectory, writeTinyModel } from "../../model/tiny-model.js";
import { logitsOf as logitsOfBatch, openForInference } from "./inference-model.js";

/*
 * Some of what transformers computes is committed and compared everywhere. All is compared where Python has torch,
 * transformers and peft; PYTHON names the interpreter. MODEL_DIRECTORY adds a real model; WRITE_REFERENCE=1 writes what
 * is committed:
 *     PYTHON=…/bin/python MODEL_DIRECTORY=…/SmolLM2-135M npx vitest run test/trainers/engine/onnx/transformers
 */
const root = resolve(import.meta.dirname, "../../../..");
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
interface Answer {
  logits: number[][][];
  ids: number[][];
  decoded: string[];
}

const { rope_theta: _theta, rope_scaling: _scaling, ...withoutRope } = llamaConfig();
const variants: Record<string, Record<string, unknown>> = {
  "Qwen2: biases, grouped queries, tied embeddings": qwen2Config(),
  "Llama: RoPE scaled as Llama 3 does, a separate head size, untied embeddings": llamaConfig(),
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
  "Qwen3: normalized heads of a size of their own": qwen3Config(),
};
const given = [embeddedModel, process.env.MODEL_DIRECTORY ?? ""];
const real = given.filter((directory) => existsSync(join(directory, "config.json")));
const saved = "what bench trained and saved";
const adapted = "a LoRA adapter that bench saved, opened by PEFT";
const stacked = "three stacked LoRA adapters, saved as one, opened by PEFT";
const adaptive = "an AdaLoRA adapter with pruned triplets, opened by PEFT";
const further = "a LoRA adapter that was trained on base + adapter, opened by PEFT on the base";
const adapters = [adapted, stacked, adaptive, further];
const names = [...Object.keys(variants), ...real, saved, ...adapters];

function sequencesFor(directory: string): number[][] {
  const draw = random({ seed: 1, stream: "agreement" });
  const { vocabulary } = readConfig(directory, architectures).config;
  return [3, 40, 100].map((length) => Array.from({ length }, () => draw.integer(vocabulary)));
}

/** What is committed of transformers' answers: a file whose models are made from seeds, or are in this repository. */
interface Reference {
  versions: Record<string, string>;
  models: Record<string, ModelReference>;
}

/** `logits`: float32 in base64, at the first, middle and last position of each sequence. */
type ModelReference = { digest: string; logits: string } & Pick<Answer, "ids" | "decoded">;

const referenceFile = join(root, "test/fixtures/transformers-logits.json");
const referenced: [string, () => string][] = [
  ...Object.entries(variants).map(([name, config]): [string, () => string] => [name, () => writeTinyModel(config, 11)]),
  ["the embedded model of trace-seq", () => embeddedModel],
];

/** The rows of logits in a reference. */
function referenceRows(lengths: readonly number[]): number[] {
  let start = 0;
  return lengths.flatMap((length) => {
    const rows = [0, Math.floor(length / 2), length - 1].map((position) => start + position);
    start += length;
    return rows;
  });
}

async function logitsOf(directory: string, adapter?: string): Promise<{ rows: Float32Array[]; lengths: number[] }> {
  const sequences = sequencesFor(directory);
  const batch = packedBatch(sequences.map((tokens) => ({ tokens, positions: tokens.map((_, i) => i) })));
  const model = openForInference(directory, adapter);
  const values = await logitsOfBatch(model, batch);
  const [lengths, classes] = [sequences.map(({ length }) => length), model.config.vocabulary];
  const count = lengths.reduce((sum, length) => sum + length, 0);
  const rows = Array.from({ length: count }, (_, row) => values.slice(row * classes, (row + 1) * classes));
  return { rows, lengths };
}

describe("what transformers computed once", () => {
  const { versions, models } = JSON.parse(readFileSync(referenceFile, "utf8")) as Reference;

  test.each(referenced)(
    `%s: the same logits to 2e-4 (transformers ${versions.transformers})`,
    async (name, directoryOf) => {
      const directory = directoryOf();
      const { digest, logits } = models[name]!;
      expect((await llamaFormat.inspect(directory)).digest).toBe(digest); // else write the reference anew
      const { rows, lengths } = await logitsOf(directory);
      const bytes = Uint8Array.from(Buffer.from(logits, "base64"));
      const theirs = new Float32Array(bytes.buffer);
      const ours = referenceRows(lengths).flatMap((row) => [...rows[row]!]);
      expect(theirs).toHaveLength(ours.length);
      expect(Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!)))).toBeLessThan(2e-4);
    },
  );

  test.each(referenced)("%s: the same tokens and texts", (name, directoryOf) => {
    checkTokens(directoryOf(), models[name]!);
  });
});

function checkTokens(directory: string, answer: Pick<Answer, "ids" | "decoded">): void {
  const tokenizer = openTokenizer(directory);
  expect(texts.map((text) => tokenizer.encode(text))).toEqual(answer.ids);
  expect(answer.ids.map((ids) => tokenizer.decode(ids))).toEqual(answer.decoded);
}

/** Writes a model, and each of the `adapters`. */
async function trainAndSave(base: string, directories: readonly string[]): Promise<void> {
  const [adapter, stacked, adaptive, further] = directories as [string, string, string, string];
  const open = (directory: string) => openModel(directory, { device: "cpu", threads: 1, seed: 1 });
  const model = await open(writeTinyModel(qwen2Config(), 12));
  const update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
  const batch = [{ tokens: [40, 50, 60, 70, 80, 262], weights: [0, 1, 1, 1, 1, 1] }];
  const terms = [{ kind: "language-modeling" as const, batch, weight: 1 }];
  const train = async (trained = model) => {
    for (let step = 0; step < 5; step++) await trained.step({ terms }, update);
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
  const last = await open(`${base}::${adapter}`);
  await last.adapt({ rank: 2, alpha: 3, dropout: 0, targetModules: ["v_proj", "up_proj"] }, 5);
  await train(last);
  await last.save(further);
}

describe.skipIf(missing !== null)("agreement with transformers", () => {
  const cases = new Map<string, { directory: string; adapter?: string; answer?: Answer }>();

  beforeAll(async () => {
    for (const [name, config] of Object.entries(variants)) cases.set(name, { directory: writeTinyModel(config, 11) });
    for (const directory of real) cases.set(directory, { directory });
    const directory = temporaryDirectory();
    for (const name of adapters) cases.set(name, { directory, adapter: temporaryDirectory() });
    await trainAndSave(
      directory,
      adapters.map((name) => cases.get(name)!.adapter!),
    );
    cases.set(saved, { directory });
    const requests = [...cases.values()].map((own) => ({
      ...own,
      sequences: sequencesFor(own.directory),
      texts,
    }));
    const script = join(root, "test/oracle/transformers_logits.py");
    const run = spawnSync(python, [script], { input: JSON.stringify(requests), encoding: "utf8", maxBuffer: 2 ** 29 });
    if (run.status !== 0) throw new Error(run.stderr);
    const { answers, versions } = JSON.parse(run.stdout) as { answers: Answer[]; versions: Record<string, string> };
    console.log(versions);
    for (const [i, own] of [...cases.values()].entries()) own.answer = answers[i]!;
    if (process.env.WRITE_REFERENCE === "1") await writeReference(versions);
  });

  async function writeReference(versions: Record<string, string>): Promise<void> {
    const models: Record<string, ModelReference> = {};
    for (const [name] of referenced) {
      const { directory, answer } = cases.get(name) ?? cases.get(embeddedModel)!;
      const { logits, ids, decoded } = answer!;
      const rows = referenceRows(logits.map(({ length }) => length)).flatMap((row) => logits.flat()[row]!);
      const bytes = Buffer.from(Float32Array.from(rows).buffer);
      const { digest } = await llamaFormat.inspect(directory);
      models[name] = { digest, logits: bytes.toString("base64"), ids, decoded };
    }
    writeFileSync(referenceFile, `${JSON.stringify({ versions, models }, null, 1)}\n`);
  }

  test.each(names)("%s: the same logits to 1e-4", async (name) => {
    const { directory, adapter, answer } = cases.get(name)!;
    const { rows } = await logitsOf(directory, adapter);
    const theirs = answer!.logits.flat(2);
    const ours = rows.flatMap((row) => [...row]);
    expect(theirs.length).toBe(ours.length);
    const difference = theirs.reduce((largest, logit, i) => Math.max(largest, Math.abs(logit - ours[i]!)), 0);
    console.log(`${name}: largest difference of logits ${difference.toExponential(1)}`);
    expect(difference).toBeLessThan(1e-4);
  });

  test.each(adapters)("%s: it changes the logits", (adapter) => {
    const [plain, other] = [saved, adapter].map((name) => cases.get(name)!.answer!.logits[1]![9]![5]!);
    expect(Math.abs(plain! - other!)).toBeGreaterThan(1e-3);
  });

  test.each(names)("%s: the same tokens and texts", (name) => {
    const { directory, answer } = cases.get(name)!;
    checkTokens(directory, answer!);
  });
});
