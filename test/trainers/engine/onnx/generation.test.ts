import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../../../harness/contract/random.js";
import { packedBatch } from "../../../../trainers/engine/onnx/decoder/packed-forward.js";
import { floats, integers } from "../../../../trainers/engine/onnx/graph/session.js";
import { widthStep } from "../../../../trainers/engine/onnx/inference/batches.js";
import { KeyValueCache } from "../../../../trainers/engine/onnx/inference/cache.js";
import { generate } from "../../../../trainers/engine/onnx/inference/generate.js";
import { decodeGraph, embedGraph, prefillGraph } from "../../../../trainers/engine/onnx/inference/graphs.js";
import { runGraph, runPacked } from "../../../../trainers/engine/onnx/inference/inference.js";
import { embed, score } from "../../../../trainers/engine/onnx/inference/score.js";
import { openTokenizer } from "../../../../trainers/model/tokenizer/tokenizer.js";
import { llamaConfig, qwen2Config, tinyShape, writeTinyModel } from "../../model/tiny-model.js";
import { openForInference } from "./inference-model.js";

const configs = [
  ["Qwen2, biases and tied embeddings", qwen2Config()],
  ["Llama, grouped heads, scaled RoPE", llamaConfig()],
  ["as many keys as queries", qwen2Config({ ...tinyShape, keyValueHeads: 4 })],
] as const;

function prompt(length: number, item: number): number[] {
  const stream = random({ seed: 9, stream: "prompt", item });
  return Array.from({ length }, () => stream.integer(262));
}

test.each(configs)("%s: decoding with the cache equals the full forward pass", async (_name, config) => {
  const model = openForInference(writeTinyModel(config, 2));
  const lastLogits = async (sequences: number[][]) => {
    const batch = sequences.map((tokens) => ({ tokens, positions: [tokens.length - 1] }));
    return runGraph(model, "prefill", prefillGraph, packedBatch(batch, widthStep).feeds);
  };
  const sequences = [prompt(5, 0), prompt(16, 1), prompt(11, 2)];
  const lengths = sequences.map((tokens) => tokens.length);
  const cache = KeyValueCache.ofPrompts(model.config, lengths, 16, await lastLogits(sequences));
  let largest = 0;
  for (let step = 0; step < 40; step++) {
    for (const [row, tokens] of sequences.entries()) tokens.push(prompt(40, 10 + row)[step]!);
    const outputs = await runGraph(model, "decode", decodeGraph, {
      ...cache.feeds(3),
      tokens: integers(sequences.map((tokens) => tokens.at(-1)!)),
      positions: floats(
        sequences.map((tokens) => tokens.length - 1),
        [3, 1],
      ),
    });
    cache.append(outputs, [1, 1, 1]);
    const full = (await lastLogits(sequences)).logits!.data as Float32Array;
    const cached = outputs.logits!.data as Float32Array;
    for (let i = 0; i < cached.length; i++) largest = Math.max(largest, Math.abs(cached[i]! - full[i]!));
  }
  expect(largest).toBeLessThan(1e-4);
  expect(largest).toBeGreaterThan(0);
});

const directory = writeTinyModel(llamaConfig(), 4);
const model = openForInference(directory);
const tokenizer = openTokenizer(directory);
const requests = Array.from({ length: 32 }, (_, i) => ({ id: `r${i}`, tokens: prompt(1 + ((i * 7) % 60), 100 + i) }));

/** Divides items into parts of that size, maps each part, and joins the results. */
async function inParts<T, R>(items: readonly T[], size: number, map: (part: T[]) => Promise<R[]>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += size)
    results.push(...(await map(items.slice(start, start + size))));
  return results;
}

test.each([1, 2, 3, 7, 32])("texts, scores and embeddings are the same to the bit in batches of %i", async (size) => {
  for (const decoding of [
    { maxNewTokens: 24 },
    { maxNewTokens: 24, temperature: 0.9, topP: 0.9, repetitionPenalty: 1.1, seed: 5 },
  ]) {
    const all = await generate(model, tokenizer, requests, decoding);
    expect(await inParts(requests, size, (part) => generate(model, tokenizer, part, decoding))).toEqual(all);
  }
  const scored = requests.map((request, i) => ({ ...request, continuation: prompt(1 + (i % 5), 200 + i) }));
  expect(await inParts(scored, size, (part) => score(model, part))).toEqual(await score(model, scored));
  expect(await inParts(requests, size, (part) => embed(model, part))).toEqual(await embed(model, requests));
});

test("the order of requests does not matter", async () => {
  const decoding = { maxNewTokens: 12, temperature: 1, seed: 3 };
  const byId = async (shuffled: typeof requests) => {
    const generations = await generate(model, tokenizer, shuffled, decoding);
    return Object.fromEntries(shuffled.map(({ id }, i) => [id, generations[i]]));
  };
  const expected = await byId(requests);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(requests, { minLength: 1 }), async (shuffled) => {
      expect(await byId(shuffled)).toEqual(Object.fromEntries(shuffled.map(({ id }) => [id, expected[id]])));
    }),
    { numRuns: 12 },
  );
});

/** What the model gives greedily, without a stop. */
async function greedily(tokens: number[], maxNewTokens: number) {
  const [generation] = await generate(model, tokenizer, [{ id: "x", tokens }], { maxNewTokens });
  return generation!;
}

test("greedy decoding takes the likeliest token of the full forward pass at every step", async () => {
  const tokens = prompt(20, 300);
  const { text, tokens: count } = await greedily(tokens, 20);
  const own: number[] = [];
  for (let step = 0; step < count!; step++) {
    const sequence = [...tokens, ...own];
    const batch = packedBatch([{ tokens: sequence, positions: [sequence.length - 1] }], widthStep);
    const { logits } = await runPacked(model, "prefill", prefillGraph, batch);
    const row = [...(logits!.data as Float32Array).subarray(0, model.config.vocabulary)];
    own.push(row.indexOf(Math.max(...row)));
  }
  expect(text).toBe(tokenizer.decode(own));
});

test("generation ends before the earliest stop string", async () => {
  const tokens = prompt(20, 300);
  const { text } = await greedily(tokens, 30);
  const stop = [text.slice(12, 14), text.slice(7, 9)];
  const first = Math.min(...stop.map((mark) => text.indexOf(mark)));
  const [stopped] = await generate(model, tokenizer, [{ id: "x", tokens }], { maxNewTokens: 30, stop });
  expect(stopped).toMatchObject({ text: text.slice(0, first), finishReason: "stop" });
  expect(stopped!.tokens).toBeLessThan(30);
  const [unhindered] = await generate(model, tokenizer, [{ id: "x", tokens }], { maxNewTokens: 30, stop: ["absent"] });
  expect(unhindered).toEqual(await greedily(tokens, 30));
});

test("the limit counts tokens, and the model's context bounds it", async () => {
  for (const limit of [1, 2, 17]) {
    const { tokens, finishReason } = await greedily(prompt(20, 300), limit);
    expect({ tokens, finishReason }).toEqual({ tokens: limit, finishReason: "length" });
  }
  expect((await greedily(prompt(250, 301), 50)).tokens).toBe(6);
});

test.each([0, 256, 300])("a prompt of %i tokens is an error that names the request", async (length) => {
  const ask = generate(model, tokenizer, [{ id: "question-7", tokens: prompt(length, 1) }], { maxNewTokens: 5 });
  await expect(ask).rejects.toMatchObject({ code: "DATA_INVALID", message: expect.stringContaining("question-7") });
});

test("an embedding is the mean of the hidden states", async () => {
  const tokens = prompt(9, 400);
  const batch = packedBatch([{ tokens, positions: tokens.map((_, i) => i) }], widthStep);
  const { hidden } = await runPacked(model, "hidden", embedGraph, batch);
  const states = hidden!.data as Float32Array;
  const [embedding] = await embed(model, [{ id: "x", tokens }]);
  for (let i = 0; i < model.config.hidden; i++) {
    const mean = tokens.reduce((sum, _, row) => sum + states[row * model.config.hidden + i]!, 0) / tokens.length;
    expect(embedding![i]).toBeCloseTo(mean, 5);
  }
});

test("log-likelihoods of all continuations of one token sum to probability one", async () => {
  const tokens = prompt(12, 500);
  const all = Array.from({ length: model.config.vocabulary }, (_, token) => ({
    id: `${token}`,
    tokens,
    continuation: [token],
  }));
  const sum = (await score(model, all)).reduce((total, value) => total + Math.exp(value), 0);
  expect(sum).toBeCloseTo(1, 5);
});
