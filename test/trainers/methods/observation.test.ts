import { expect, test } from "vitest";
import type { Generation } from "../../../harness/contract/trainer.js";
import { trainers } from "../../../trainers/methods/catalog.js";
import { abc, bufferFor, byName, contextFor, learnContext, viewOf } from "./rig.js";

/** Learns one task and, where asked to, has the learner answer all validation questions after each step. */
async function learned(name: string, looked: boolean) {
  const trainer = byName(trainers, name);
  const context = contextFor(trainer, {});
  const learner = await trainer.create(context);
  const answers = new Map<number, Generation[]>();
  const questions = abc[0]!.validation.map(({ input }, index) => ({ id: String(index), input }));
  const observe = async (step: number) => {
    answers.set(step, await learner.generate(questions, { maxNewTokens: 3 }));
  };
  const report = await learner.learn(
    viewOf(0),
    learnContext(bufferFor(trainer, context.options), looked ? { observe } : {}),
  );
  const result = { digest: await learner.answerDigest!(), report, answers };
  await learner.release();
  return result;
}

test.each(["sequential", "lora", "ewc", "replay"])("%s is the same, to the bit, when it is looked at", async (name) => {
  const [blind, seen] = [await learned(name, false), await learned(name, true)];
  expect(seen.digest).toBe(blind.digest);
  expect(seen.report).toEqual(blind.report);
  expect([...seen.answers.keys()]).toEqual(Array.from({ length: blind.report.steps }, (_, step) => step + 1));
});
