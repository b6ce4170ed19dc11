import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Update } from "../../../../trainers/engine/contract.js";
import { openTorchModel } from "../../../../trainers/engine/torch/open.js";
import { llamaFormat, transformersFormat } from "../../../../trainers/model-formats.js";
import { temporaryDirectory, tinyTokenizer } from "../../model/tiny-model.js";
import { python, skipped } from "./python.js";

const prompts = [9, 3, 20, 14].map((length, i) => Array.from({ length }, (_, j) => 40 + ((7 * i + 5 * j) % 200)));
const update: Update = { learningRate: 0.003, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };
const kinds = ["llama", "qwen2", "mistral", "qwen3", "gemma3_text", "phi3", "olmo2", "gpt_neox", "gpt2"];
const plain = ["llama", "qwen2", "qwen3"];
const linear: Record<string, string[]> = { gpt_neox: ["query_key_value"], gpt2: ["c_attn"], phi3: ["qkv_proj"] };

describe.skipIf(skipped)("architectures of transformers", () => {
  const models = temporaryDirectory();
  let known: Record<string, { answers: number[][]; loss: number; parameters: number }>;

  beforeAll(() => {
    const script = join(import.meta.dirname, "architectures.py");
    const words = [script, models, JSON.stringify(prompts)];
    const output = execFileSync(python!, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    known = JSON.parse(output.trim().split("\n").at(-1)!);
    for (const kind of readdirSync(models)) {
      writeFileSync(join(models, kind, "tokenizer.json"), JSON.stringify(tinyTokenizer()));
      writeFileSync(join(models, kind, "tokenizer_config.json"), JSON.stringify({ eos_token: "<|endoftext|>" }));
    }
  });

  test.each(kinds)("%s is trained, answers as transformers does, takes an adapter, and is saved", async (kind) => {
    const directory = join(models, kind);
    const { answers, loss, parameters } = known[kind]!;
    expect(transformersFormat.recognizes(directory)).toBe(!plain.includes(kind));
    const format = plain.includes(kind) ? llamaFormat : transformersFormat;
    expect((await format.inspect(directory)).parameters).toBe(parameters);
    const open = () => openTorchModel({ directory }, "cpu", { threads: 1, seed: 1 });
    const model = await open();
    const requests = prompts.map((tokens, i) => ({ id: String(i), tokens }));
    const generated = await model.generate(requests, { maxNewTokens: 12 });
    const withoutEnd = (tokens: number[]) => tokens.filter((token) => token !== 262);
    expect(generated.map(({ text }) => text)).toEqual(answers.map((own) => model.tokenizer.decode(withoutEnd(own))));
    expect(generated.map(({ tokens }) => tokens)).toEqual(answers.map((own) => own.length));

    const [first] = prompts;
    const batch = prompts.map((tokens) => ({ tokens, weights: tokens.map(() => 1) }));
    const only = [{ tokens: first!, weights: first!.map(() => 1) }];
    expect(await model.loss({ terms: [{ kind: "language-modeling", batch: only, weight: 1 }] })).toBeCloseTo(loss, 4);
    const objective = { terms: [{ kind: "language-modeling" as const, batch, weight: 1 }] };
    const before = await model.loss(objective);
    for (let step = 0; step < 3; step++) await model.step(objective, update);
    const after = await model.loss(objective);
    expect(after).toBeLessThan(before);
    const saved = temporaryDirectory();
    await model.save(saved);
    const again = await openTorchModel({ directory: saved }, "cpu", { threads: 1, seed: 1 });
    expect(await again.loss(objective)).toBe(after);
    expect(await again.digest()).toBe(await model.digest());

    await again.adapt({ rank: 2, alpha: 4, dropout: 0, targetModules: linear[kind] ?? ["q_proj", "down_proj"] }, 1);
    for (let step = 0; step < 3; step++) await again.step(objective, update);
    const adapted = await again.loss(objective);
    expect(adapted).toBeLessThan(after);
    await again.merge();
    expect(await again.loss(objective)).toBeCloseTo(adapted, 3);
    await Promise.all([model.release(), again.release()]);
  });
});
