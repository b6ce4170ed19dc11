import fc from "fast-check";
import { expect, test } from "vitest";
import type { Generation } from "../../../../harness/contract/trainer.js";
import { packedBatch } from "../../../../trainers/engine/onnx/decoder/packed-forward.js";
import { generate } from "../../../../trainers/engine/onnx/inference/generate.js";
import { blockTokens, PrefixCache } from "../../../../trainers/engine/onnx/inference/prefix-cache.js";
import { RunningBatch } from "../../../../trainers/engine/onnx/inference/running-batch.js";
import { openTokenizer } from "../../../../trainers/model/tokenizer/tokenizer.js";
import { llamaConfig, writeTinyModel } from "../../model/tiny-model.js";
import { chat, drawn, requests, withoutCounts } from "../joining-requests.js";
import { logitsOf, openForInference } from "./inference-model.js";

const directory = writeTinyModel(llamaConfig(), 4);
const model = openForInference(directory);
const tokenizer = openTokenizer(directory);
const batch = (prefixBytes: number, promptTokens = 40) =>
  new RunningBatch(model.config, () => model, tokenizer, { prefixBytes, promptTokens, cacheBytes: 2 ** 21 });

const alone: Promise<Omit<Generation, "cachedTokens">[]> = (async () => {
  const answers = [];
  for (const { request, decoding } of requests) answers.push(await batch(0).answer(request, decoding));
  return answers.map(withoutCounts);
})();

test("an answer is the same to the bit whatever it joins at whatever step, and whatever was kept", async () => {
  const expected = await alone;
  const arrivals = fc.array(
    fc.record({ index: fc.nat(requests.length - 1), after: fc.nat(30), leaves: fc.boolean() }),
    { minLength: 1, maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(arrivals, fc.constantFrom(0, 100_000, 2 ** 22), async (given, bytes) => {
      const running = batch(bytes);
      let turns = 0;
      const answers = given.map(async ({ index, after, leaves }) => {
        const { request, decoding } = requests[index]!;
        while (turns < after) {
          turns += 1;
          await new Promise(setImmediate); // a step of what is under way
        }
        let texts = 0;
        const hearing = { written: () => void texts++, cancelled: () => leaves && texts >= 2 };
        return { index, leaves, answer: await running.answer(request, decoding, hearing).catch(({ code }) => code) };
      });
      for (const { index, leaves, answer } of await Promise.all(answers)) {
        if (answer !== "CANCELLED") expect(withoutCounts(answer)).toEqual(expected[index]);
        else expect(leaves).toBe(true);
      }
    }),
    { numRuns: 12 },
  );
});

test("what is served is what is evaluated, to the bit", async () => {
  for (const [index, { request, decoding }] of requests.entries()) {
    expect((await generate(model, tokenizer, [request], decoding))[0]).toEqual((await alone)[index]);
  }
});

test("what was kept of a growing chat is not computed again: its whole blocks", async () => {
  const running = batch(2 ** 22);
  const kept: number[] = [];
  for (const length of [40, 100, 100, 128, 129, 200]) {
    const answer = await running.answer({ id: "x", tokens: chat.slice(0, length) }, { maxNewTokens: 3 });
    kept.push(answer.cachedTokens! / blockTokens);
  }
  expect(kept).toEqual([0, 1, 3, 3, 4, 4]);
  const ask = (scope: string) => running.answer({ id: "x", tokens: chat, scope }, { maxNewTokens: 1 });
  const scopes = [await ask("a"), await ask("a"), await ask("b")];
  expect(scopes.map(({ cachedTokens }) => cachedTokens! / blockTokens)).toEqual([0, 6, 0]); // nobody learns of others
  running.forget();
  expect(await running.answer({ id: "x", tokens: chat }, { maxNewTokens: 1 })).toMatchObject({ cachedTokens: 0 });
});

test("a request does not wait for the end of those before it", async () => {
  const running = batch(0);
  const ended: string[] = [];
  let joined: Promise<unknown> | undefined;
  const short = requests[9]!;
  const join = () => {
    joined ??= running.answer(short.request, { maxNewTokens: 2 }).then(() => ended.push("short"));
  };
  await running.answer({ id: "long", tokens: chat.slice(0, 5) }, { maxNewTokens: 40 }, { written: join });
  ended.push("long");
  await joined;
  expect(ended).toEqual(["short", "long"]);
});

test("blocks give the likeliest token of the full forward pass at every step", async () => {
  for (const length of [20, 32, 90]) {
    const tokens = chat.slice(0, length);
    const { text, tokens: count } = await batch(0).answer({ id: "x", tokens }, { maxNewTokens: 12 });
    const own: number[] = [];
    for (let step = 0; step < count!; step++) {
      const sequence = [...tokens, ...own];
      const packed = packedBatch([{ tokens: sequence, positions: [sequence.length - 1] }]);
      const row = [...(await logitsOf(model, packed)).subarray(0, model.config.vocabulary)];
      own.push(row.indexOf(Math.max(...row)));
    }
    expect(text).toBe(tokenizer.decode(own));
  }
});

test("a request that nobody waits for any more ends, and the others go on", async () => {
  const running = batch(0);
  let texts = 0;
  const hearing = { written: () => void texts++, cancelled: () => texts >= 2 };
  const left = running.answer({ id: "left", tokens: chat.slice(0, 5) }, { maxNewTokens: 100 }, hearing);
  const stays = running.answer(requests[9]!.request, requests[9]!.decoding);
  await expect(left).rejects.toMatchObject({ code: "CANCELLED" });
  expect(texts).toBe(2);
  expect(withoutCounts(await stays)).toEqual((await alone)[9]);
});

test("a prompt that is too long, or fails, is an error of its own request", async () => {
  const running = batch(0);
  const good = running.answer(requests[0]!.request, requests[0]!.decoding);
  await expect(running.answer({ id: "empty", tokens: [] }, { maxNewTokens: 1 })).rejects.toMatchObject({
    code: "DATA_INVALID",
  });
  await expect(running.answer({ id: "long", tokens: drawn(256, 1) }, { maxNewTokens: 1 })).rejects.toThrow(/long/);
  expect(withoutCounts(await good)).toEqual((await alone)[0]);
});

test("blocks take no more than their bytes; those without which others are of no use are kept longest", () => {
  const size = 4 * 100;
  const cache = new PrefixCache(3 * size);
  const [first, second] = [drawn(2 * blockTokens, 1), drawn(3 * blockTokens, 2)];
  for (const tokens of [first, second]) cache.add(cache.keysOf(tokens), () => new Float32Array(100));
  expect(cache.bytes).toBeLessThanOrEqual(3 * size);
  const known = (tokens: number[]) => cache.keysOf(tokens).filter((key) => cache.find(key) !== undefined).length;
  expect([known(first), known(second)]).toEqual([0, 3]);
  cache.add(cache.keysOf(first.slice(0, blockTokens)), () => new Float32Array(100));
  expect([known(first), known(second)]).toEqual([1, 2]);
});
