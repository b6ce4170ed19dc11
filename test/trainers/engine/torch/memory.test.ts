import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { OutOfMemory, TorchChild } from "../../../../trainers/engine/torch/child.js";
import type { OpenedModel } from "../../../../trainers/engine/torch/opened-model.js";
import { TorchModel } from "../../../../trainers/engine/torch/torch-model.js";
import { qwen2Config, temporaryDirectory, writeTinyModel } from "../../model/tiny-model.js";
import { python, skipped } from "./python.js";

const small = writeTinyModel();
const update = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, clip: 1 };

async function open(interpreter: string, directory = small): Promise<{ child: TorchChild; model: TorchModel }> {
  const child = new TorchChild(interpreter, 1);
  const settings = { directory, device: "cpu", dtype: "float32", seed: 1, prompt_bytes: 2 ** 20 };
  const opened = await child.ask<OpenedModel>("open", settings);
  return { child, model: new TorchModel(child, opened, directory) };
}

const lora = { kind: "lora" as const, rank: 4, alpha: 8, targetModules: ["q_proj", "down_proj"] };

/** The interpreter with so many kilobytes of address space. */
function limited(kilobytes: number): string {
  const path = join(temporaryDirectory(), "python");
  writeFileSync(path, `#!/bin/sh\nulimit -v ${kilobytes}\nexec '${python}' "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

const objective = (sequences: number) => {
  const tokens = Array.from({ length: 128 }, (_, i) => 40 + i);
  const batch = Array.from({ length: sequences }, () => ({ tokens, weights: tokens.map(() => 1) }));
  return { terms: [{ kind: "language-modeling" as const, batch, weight: 1 }] };
};

describe.skipIf(skipped || process.platform !== "linux")("short memory", () => {
  test("a batch that does not fit is computed in smaller parts; the loss is that of the whole", async () => {
    const free = await open(python!);
    const small = await free.model.step(objective(4), update);
    const [, peak] = /VmPeak:\s+(\d+) kB/.exec(readFileSync(`/proc/${free.child.pid}/status`, "utf8"))!;
    free.child.kill();
    const { child, model } = await open(limited(Number(peak) + 100_000));
    const { batch, ...term } = objective(256).terms[0]!;
    const whole = { terms: [{ ...term, batch: 0 }], batches: [batch] };
    await expect(child.ask("step", { model: 1, parts: [whole], update })).rejects.toBeInstanceOf(OutOfMemory);
    const report = await model.step(objective(256), update);
    expect(report.loss).toBeCloseTo(small.loss, 4);
    expect(report.tokens).toBe(256 * 128);
    expect((await model.meter()).trainedTokens).toBe(256 * 128);
    child.kill();
  });

  test("answers that do not fit are computed half as many at a time, and stay the same", async () => {
    const shape = { hidden: 256, layers: 2, heads: 4, keyValueHeads: 4, intermediate: 64, vocabulary: 264 };
    const wide = writeTinyModel({ ...qwen2Config(shape), max_position_embeddings: 2048 });
    const requests = Array.from({ length: 64 }, (_, i) => ({ id: String(i), tokens: [20, 30 + i, 40] }));
    const generate = { decoding: { maxNewTokens: 1600 }, ends: Array.from({ length: 264 }, (_, token) => token) };
    const peak = (child: TorchChild) =>
      Number(/VmPeak:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]);
    const free = await open(python!, wide);
    await free.child.ask("generate", { model: 1, requests: requests.slice(0, 1), ...generate });
    const limit = peak(free.child) + 150_000;
    const answers = await free.child.ask("generate", { model: 1, requests, ...generate });
    expect(peak(free.child)).toBeGreaterThan(limit + 100_000);
    free.child.kill();
    const { child } = await open(limited(limit), wide);
    expect(await child.ask("generate", { model: 1, requests, ...generate })).toEqual(answers);
    const joined = requests.map((request) =>
      child.ask<{ tokens: number[] }>("answer", { model: 1, request, ...generate }),
    );
    expect((await Promise.all(joined)).map(({ tokens }) => tokens)).toEqual(answers);
    child.kill();
  });

  test("activations that are computed again give the same bits", async () => {
    const [kept, computed] = [await open(python!), await open(python!)];
    expect(await computed.child.ask("recompute", { model: 1 })).toBe(true);
    expect(await computed.child.ask("recompute", { model: 1 })).toBe(false);
    for (const { model } of [kept, computed]) await model.adapt({ ...lora, dropout: 0.5 }, 1);
    const { terms } = objective(2);
    const { batch } = terms[0]!;
    const requests = batch.map(({ tokens }) => ({ id: "", tokens: tokens.slice(0, -1), queries: [3, 90] }));
    const attention = await kept.model.attention(requests);
    const teacher = attention.map((own) => ({ ...own, values: own.values.map((value) => value ** 2) }));
    const distilled = { terms: [...terms, { kind: "attention-distillation" as const, batch, teacher, weight: 10 }] };
    for (const own of [objective(8), objective(8), distilled, distilled]) {
      const reports = [];
      for (const { model } of [kept, computed]) reports.push(await model.step(own, update));
      expect(reports[1]).toEqual(reports[0]);
    }
    expect(await computed.model.digest()).toBe(await kept.model.digest());
    for (const { child } of [kept, computed]) child.kill();
  });
});
