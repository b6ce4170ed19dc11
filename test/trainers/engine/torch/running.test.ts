import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Decoding, Generation } from "../../../../harness/contract/trainer.js";
import type { EngineRequest, Model } from "../../../../trainers/engine/contract.js";
import { openTorchModel } from "../../../../trainers/engine/torch/open.js";
import { llamaConfig, writeTinyModel } from "../../model/tiny-model.js";
import { chat, requests, withoutCounts } from "../joining-requests.js";
import { python, skipped } from "./python.js";

const block = 32;

describe.skipIf(skipped)("requests that join others", () => {
  const directory = writeTinyModel(llamaConfig(), 4);
  const opened: Model[] = [];
  let alone: Generation[];

  const open = async (promptBytes?: number): Promise<Model> => {
    const model = await openTorchModel({ directory }, "cpu", { threads: 1, seed: 0, python, promptBytes });
    opened.push(model);
    return model;
  };
  const ask = async (
    model: Model,
    request: EngineRequest,
    decoding: Decoding,
    ...more: [(() => void)?, (() => boolean)?]
  ) => (await model.generate([request], decoding, ...more))[0]!;

  beforeAll(async () => {
    const model = await open();
    alone = [];
    for (const { request, decoding } of requests) alone.push(await ask(model, request, decoding));
  });

  afterAll(async () => {
    for (const model of opened) await model.release();
  });

  test("an answer is that of an evaluation, whatever it joins at whatever step, and whatever was kept", async () => {
    const models = await Promise.all([0, 40_000, 2 ** 22].map((bytes) => open(bytes)));
    const arrivals = fc.array(
      fc.record({ index: fc.nat(requests.length - 1), after: fc.nat(20), leaves: fc.boolean() }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(arrivals, fc.constantFrom(...models), async (given, running) => {
        let turns = 0;
        const answers = given.map(async ({ index, after, leaves }) => {
          const { request, decoding } = requests[index]!;
          while (turns < after) {
            turns += 1;
            await new Promise(setImmediate);
          }
          let texts = 0;
          const answer = ask(
            running,
            request,
            decoding,
            () => void texts++,
            () => leaves && texts >= 2,
          );
          return { index, leaves, answer: await answer.catch(({ code }) => code) };
        });
        for (const { index, leaves, answer } of await Promise.all(answers)) {
          if (answer !== "CANCELLED") expect(withoutCounts(answer)).toEqual(alone[index]);
          else expect(leaves).toBe(true);
        }
      }),
      { numRuns: 15 },
    );
  });

  test("what was kept of a growing chat is not computed again, for its scope alone, until weights change", async () => {
    const running = await open(2 ** 22);
    const cachedOf = async (length: number, scope?: string) =>
      (await ask(running, { id: "x", tokens: chat.slice(0, length), ...(scope && { scope }) }, { maxNewTokens: 3 }))
        .cachedTokens! / block;
    const kept: number[] = [];
    for (const length of [40, 100, 100, 128, 129, 200]) kept.push(await cachedOf(length));
    expect(kept).toEqual([0, 1, 3, 3, 4, 4]);
    expect([await cachedOf(200, "a"), await cachedOf(200, "a"), await cachedOf(200, "b")]).toEqual([0, 6, 0]);
    await running.restore(await running.snapshot());
    expect(await cachedOf(200)).toBe(0);
  });

  test("tokens are told as they are written, and a request does not wait for the end of those before it", async () => {
    const running = await open(0);
    const [texts, ended]: string[][] = [[], []];
    let joined: Promise<unknown> | undefined;
    const [long] = await running.generate(
      [{ id: "long", tokens: chat.slice(0, 5) }],
      { maxNewTokens: 40 },
      (_, text) => {
        texts!.push(text);
        joined ??= ask(running, requests[9]!.request, { maxNewTokens: 2 }).then(() => ended!.push("short"));
      },
    );
    ended!.push("long");
    await joined;
    expect(ended).toEqual(["short", "long"]);
    expect(texts).toHaveLength(long!.tokens! - 1);
  });

  test("other calls come between the tokens of answers", async () => {
    const running = await open(0);
    const order: string[] = [];
    let embedded: Promise<unknown> | undefined;
    const answer = running.generate([requests[8]!.request], requests[8]!.decoding, () => {
      embedded ??= running.embed([{ id: "e", tokens: [1, 2, 3] }]).then(() => order.push("embedded"));
    });
    expect(withoutCounts((await answer)[0]!)).toEqual(alone[8]);
    order.push("answered");
    await embedded;
    expect(order).toEqual(["embedded", "answered"]);
  });
});
