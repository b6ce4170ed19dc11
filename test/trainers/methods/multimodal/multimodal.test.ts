import { expect, test } from "vitest";
import type { Example } from "../../../../harness/contract/suite.js";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { softTargets } from "../../../../trainers/methods/multimodal/soft-targets.js";
import { parametersOf } from "../../../../trainers/training/parameters.js";
import { SequenceEncoder } from "../../../../trainers/training/sequences.js";
import type { StepContext, TrainingItem } from "../../../../trainers/training/strategy.js";
import { abc, byName, expectSameBits, learnAll, openTiny, savedBy } from "../rig.js";

const multimodal = byName(trainers, "multimodal");
const text: Example[] = Array.from({ length: 6 }, (_, index) => ({
  id: `general/${index}`,
  input: [{ type: "text", text: `Say ${index}.\nAnswer:` }],
  references: [String(index)],
}));

async function parametersAfter(options: Record<string, unknown>, generalItems = text, interrupted = false) {
  const { learner } = await learnAll(multimodal, options, { tasks: abc.slice(0, 2), generalItems, interrupted });
  const model = await openTiny(await savedBy(learner));
  await learner.release();
  return parametersOf(model);
}

test("a frozen language model keeps its bits; in a stage of alignment it is frozen for as long", async () => {
  const start = await parametersOf(await openTiny());
  expect(await parametersAfter({ languageRate: 0 })).toEqual(start);
  expect(await parametersAfter({ alignShare: 1, alignTasks: "every" })).toEqual(start);
  expect(await parametersAfter({ alignShare: 1 })).not.toEqual(start);
});

test("replayed text enters by its weights, which may run over a task", async () => {
  const without = await parametersAfter({ textItems: 0, textShare: 0.5 }, []);
  const weightless = await parametersAfter({ textWeight: 0, distillWeight: 0, textShare: 0.5 });
  const labeled = await parametersAfter({ textWeight: { from: 1, to: 0 }, distillWeight: 0, textShare: 0.5 });
  const distilled = await parametersAfter({ textWeight: 0, distillWeight: { from: 0, to: 1 }, textShare: 0.5 });
  const all = [without, weightless, labeled, distilled].map((values) => values.join());
  expect(new Set(all).size).toBe(4);
});

test("it is saved and restored with the same bits, and distills the same teacher", async () => {
  await expectSameBits(multimodal, { textItems: 0 });
  const distilled = { textWeight: 0, distillWeight: 1, textShare: 0.5 };
  expect(await parametersAfter(distilled, text, true)).toEqual(await parametersAfter(distilled));
});

test("soft targets are 1 − ε on the token and ε spread over the vocabulary", async () => {
  const model = await openTiny();
  const encoder = new SequenceEncoder(model.tokenizer, 64);
  const [task] = abc;
  const batch = task!.train.slice(0, 3).map((example) => encoder.sequence({ example, task: task!.task }));
  const strategy = softTargets.strategy({ softness: 0.2 });
  const context = { model, batch, newItems: [{ example: task!.train[0]!, task: task!.task }] };
  const step = { ...context, sequence: (item: TrainingItem) => encoder.sequence(item) } as unknown as StepContext;
  await strategy.beforeTask!(step);
  const loss = await model.loss({
    terms: [{ kind: "language-modeling", batch, weight: 1 }, ...strategy.terms!(step)],
  });
  const { rows, classes, values } = await model.logits(batch);
  const targets = batch.flatMap(({ tokens, weights }) => tokens.filter((_, i) => i > 0 && weights[i]! > 0));
  expect(targets).toHaveLength(rows);
  let expected = 0;
  for (const [row, target] of targets.entries()) {
    const logits = values.subarray(row * classes, (row + 1) * classes);
    const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    const surprise = (logit: number) => logSum - logit;
    const spread = logits.reduce((sum, logit) => sum + surprise(logit), 0) / classes;
    const entropy = Math.log(classes);
    expected += (0.8 * surprise(logits[target]!) + 0.2 * (spread - entropy)) / 0.8 / rows;
  }
  expect(loss).toBeCloseTo(expected, 4);
  await model.release();
});
