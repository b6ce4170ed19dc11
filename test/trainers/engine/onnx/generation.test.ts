import fc from "fast-check";
import { expect, test } from "vitest";
import { random } from "../../../../harness/contract/random.js";
import { packedBatch } from "../../../../trainers/engine/onnx/decoder/packed-forward.js";
import { floats, integers } from "../../../../trainers/engine/onnx/graph/session.js";
import { KeyValueCache, type KeyValues } from "../../../../trainers/engine/onnx/inference/cache.js";
import { generate } from "../../../../trainers/engine/onnx/inference/generate.js";
import { decodeGraph, embedGraph } from "../../../../trainers/engine/onnx/inference/graphs.js";
import { type InferenceModel, runGraph, runPacked } from "../../../../trainers/engine/onnx/inference/inference.js";
import { PrefixCache } from "../../../../trainers/engine/onnx/inference/prefix-cache.js";
import { computePrompts, type Prompt, promptOf, valuesOf } from "../../../../trainers/engine/onnx/inference/prompts.js";
import { embed, score } from "../../../../trainers/engine/onnx/inference/score.js";
import { openTokenizer } from "../../../../trainers/model/tokenizer/tokenizer.js";
import { llamaConfig, qwen2Config, tinyShape, writeTinyModel } from "../../model/tiny-model.js";
import { logitsOf, openForInference } from "./inference-model.js";

const configs = [
  ["Qwen2, biases and tied embeddings", qwen2Config()],
  ["Llama, grouped heads, scaled RoPE", llamaConfig()],
  ["as many keys as queries", qwen2Config({ ...tinyShape, keyValueHeads: 4 })],
] as const;

function prompt(length: number, item: number): number[] {
  const stream = random({ seed: 9, stream: "prompt", item });
  return Array.from({ length }, () => stream.integer(262));
}

const promptsOf = (all: readonly number[][], prefixes = new PrefixCache(0)) =>
  all.map((tokens, index) => promptOf({ id: `${index}`, tokens }, prefixes.keysOf(tokens)));

/** Logits behind each prompt, and its keys and values, when so many tokens are computed at a time. */
async function computed(model: InferenceModel, prompts: Prompt[], prefixes: PrefixCache, mostTokens: number) {
  const logits = new Map<Prompt, Float32Array>();
  while (logits.size < prompts.length) {
    const waiting = prompts.filter((prompt) => !logits.has(prompt));
    const { logits: all, ended } = await computePrompts(model, waiting, prefixes, mostTokens);
    const [values, size] = [all.data as Float32Array, all.dims[1]!];
    for (const { prompt: own, row } of ended) logits.set(own, values.slice(row * size, (row + 1) * size));
  }
  return prompts.map((own) => ({
    logits: logits.get(own)!,
    keyValues: own.blocks.map((block) => valuesOf(model.config, block)),
    blocks: own.blocks,
  }));
}

/** What is the same however it was computed. */
const bits = ({ logits, keyValues }: Awaited<ReturnType<typeof computed>>[number]) => ({ logits, keyValues });

/** Logits of a step on a cache. */
async function decoded(model: InferenceModel, cache: KeyValueCache, tokens: number[], positions: number[]) {
  const outputs = await runGraph(model, "decode", decodeGraph, {
    ...cache.feeds(tokens.length),
    tokens: integers(tokens),
    positions: floats(positions, [tokens.length, 1]),
  });
  cache.append(outputs);
  return outputs.logits!.data as Float32Array;
}

test.each(configs)("%s: decoding with the cache equals the full forward pass", async (_name, config) => {
  const model = openForInference(writeTinyModel(config, 2));
  const sequences = [prompt(5, 0), prompt(16, 1), prompt(43, 2)];
  const cache = new KeyValueCache(model.config);
  const prompts = await computed(model, promptsOf(sequences), new PrefixCache(0), 50);
  cache.add(prompts.map(({ blocks }) => blocks));
  let largest = 0;
  for (let step = 0; step < 40; step++) {
    for (const [row, tokens] of sequences.entries()) tokens.push(prompt(40, 10 + row)[step]!);
    const [last, positions] = [sequences.map((own) => own.at(-1)!), sequences.map(({ length }) => length - 1)];
    const cached = await decoded(model, cache, last, positions);
    const batch = packedBatch(sequences.map((tokens) => ({ tokens, positions: [tokens.length - 1] })));
    const full = await logitsOf(model, batch);
    for (let i = 0; i < cached.length; i++) largest = Math.max(largest, Math.abs(cached[i]! - full[i]!));
  }
  expect(largest).toBeLessThan(1e-4);
  expect(largest).toBeGreaterThan(0);
});

test.each(configs)("%s: how prompts are divided and what they share changes no bit", async (_name, config) => {
  const model = openForInference(writeTinyModel(config, 2));
  const beginning = prompt(70, 0);
  const all = [1, 32, 33, 70, 101, 128].map((length, index) =>
    index % 3 === 2 ? prompt(length, index) : [...beginning, ...prompt(60, index)].slice(0, length),
  );
  const alone: Awaited<ReturnType<typeof computed>> = [];
  for (const own of all) alone.push(...(await computed(model, promptsOf([own]), new PrefixCache(0), 4096)));
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...all.keys()], { minLength: 1 }),
      fc.constantFrom(1, 50, 128, 4096),
      fc.constantFrom(0, 20_000, 2 ** 24),
      async (chosen, mostTokens, bytes) => {
        const prefixes = new PrefixCache(bytes);
        const prompts = promptsOf(
          chosen.map((index) => all[index]!),
          prefixes,
        );
        const found = await computed(model, prompts, prefixes, mostTokens);
        expect(found.map(bits)).toEqual(chosen.map((index) => bits(alone[index]!)));
      },
    ),
    { numRuns: 6 },
  );
});

test.each(configs)("%s: a longer neighbor in the cache changes no bit", async (_name, config) => {
  const model = openForInference(writeTinyModel(config, 2));
  const [short, long] = await computed(model, promptsOf([prompt(21, 0), prompt(170, 1)]), new PrefixCache(0), 4096);
  const logits = async (neighbors: (readonly KeyValues[])[]) => {
    const cache = new KeyValueCache(model.config);
    cache.add(neighbors.slice(0, 1));
    cache.add(neighbors.slice(1));
    const rows = [];
    for (let step = 0; step < 20; step++) {
      const tokens = neighbors.map(() => 7 + step);
      const all = await decoded(
        model,
        cache,
        tokens,
        tokens.map(() => 21 + step),
      );
      rows.push(all.slice(0, model.config.vocabulary));
    }
    return rows;
  };
  const expected = await logits([short!.blocks, short!.blocks]);
  expect(await logits([short!.blocks, long!.blocks])).toEqual(expected);
  expect(await logits([short!.blocks, ...Array(6).fill(long!.blocks)])).toEqual(expected);
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
    const batch = packedBatch([{ tokens: sequence, positions: [sequence.length - 1] }]);
    const row = [...(await logitsOf(model, batch)).subarray(0, model.config.vocabulary)];
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
  const batch = packedBatch([{ tokens, positions: tokens.map((_, i) => i) }]);
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
