import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Attention, Head, Term, TrainingSequence } from "../../../../trainers/engine/contract.js";
import { attention } from "../../../../trainers/engine/onnx/inference/attention.js";
import { inferenceOf } from "../../../../trainers/engine/onnx/inference/inference-of.js";
import { headSensitivity } from "../../../../trainers/engine/onnx/training/head-sensitivity.js";
import { TrainableDecoder } from "../../../../trainers/engine/onnx/training/trainable-decoder.js";
import {
  attentionChange,
  chooseHeads,
  ofHeads,
  taskImportance,
} from "../../../../trainers/methods/rehearsal/head-importance.js";
import { pastTerms } from "../../../../trainers/methods/rehearsal/seekr.js";

type Text = [tokens: number[], prompt: number, queries?: number[]];

/** Written by `seekr.py`: float64, from the method's definitions, with none of our code. */
const { seekr: oracle } = JSON.parse(readFileSync(new URL("./oracle.json", import.meta.url), "utf8")) as {
  seekr: {
    sizes: Record<
      "vocabulary" | "hidden" | "layers" | "heads" | "keyValueHeads" | "headDimension" | "intermediate",
      number
    >;
    past: Text[];
    new: Text[];
    alpha: number;
    lambda: number;
    update: Record<"learningRate" | "beta1" | "beta2" | "epsilon", number>;
    change: number[];
    sensitivity: number[][];
    importance: number[][];
    chosen: Head[];
    terms: number[];
    after: Record<string, number[]>;
  };
};

const config = {
  ...oracle.sizes,
  ...{ contextLength: 64, ropeTheta: 100, rmsEpsilon: 1e-5, tied: true },
  ...{ attentionBias: false, outputBias: false, feedForwardBias: false },
};

/** The formula of `seekr.py`. */
function modelAfter(moves: number): TrainableDecoder {
  const model = new TrainableDecoder(config, 1);
  const names = model.base.tensors.map(({ name }) => name).sort();
  for (const [t, name] of names.entries()) {
    const values = model.base.view(name);
    for (let i = 0; i < values.length; i++) {
      let value = Number(name.includes("norm")) + 0.5 * Math.sin(0.7 * i * i + 3 * t);
      for (let move = 1; move <= moves; move++) value += 0.1 * Math.sin(0.3 * i * i + 5 * t + move);
      values[i] = value;
    }
  }
  return model;
}

const sequenceOf = ([tokens, prompt]: Text): TrainingSequence => ({
  tokens,
  weights: tokens.map((_, i) => Number(i >= prompt)),
});
const past = oracle.past.map(sequenceOf);
const inferred = (model: TrainableDecoder) => inferenceOf(model, undefined, () => {});
const attentionOf = (model: TrainableDecoder): Promise<Attention[]> =>
  attention(
    inferred(model),
    oracle.past.map(([tokens, , queries], i) => ({ id: `${i}`, tokens: tokens.slice(0, -1), queries: queries! })),
  );

/** The largest difference, relative to the largest number. */
function error(found: readonly (readonly number[])[], expected: readonly (readonly number[])[]): number {
  const [a, b] = [found.flat(), expected.flat()];
  return Math.max(...b.map((value, i) => Math.abs(value - a[i]!))) / Math.max(...b.map(Math.abs));
}

test("seekr: forgettability, task sensitivity, the heads that are chosen, and one step", async () => {
  const [now, later] = [modelAfter(1), modelAfter(2)];
  const [before, after] = [await attentionOf(modelAfter(0)), await attentionOf(now)];
  const each = after.map((own, i) => attentionChange(before[i]!, own));
  const change = [...each[0]!.keys()].map((head) => each.reduce((sum, own) => sum + own[head]! / each.length, 0));
  expect(error([change], [oracle.change])).toBeLessThan(1e-4);
  const sensitivity = (await headSensitivity(now, inferred(now), past)).map((own) => [...own]);
  expect(error(sensitivity, oracle.sensitivity)).toBeLessThan(1e-4);
  const importance = taskImportance(change, sensitivity);
  expect(error(importance, oracle.importance)).toBeLessThan(1e-4);
  const chosen = chooseHeads(importance, 0.5, 0.25);
  expect(chosen).toEqual(oracle.chosen);

  const stored = await Promise.all(
    past.map(async (own, i) => ({ logits: await now.logits([own]), attention: ofHeads(after[i]!, chosen) })),
  );
  const batch = oracle.new.map(sequenceOf);
  const fresh: Term = { kind: "language-modeling", batch, weight: 1 };
  const terms = [fresh, ...pastTerms(past, stored, past.length / batch.length, oracle)];
  const report = await later.step({ terms }, { ...oracle.update, weightDecay: 0, clip: null });
  expect(error([report.terms], [oracle.terms])).toBeLessThan(1e-5);
  const names = Object.keys(oracle.after);
  const stepped = names.map((name) => [...later.base.view(name)]);
  const expected = Object.values(oracle.after);
  expect(error(stepped, expected)).toBeLessThan(1e-4);
  expect(
    error(
      names.map((name) => [...modelAfter(2).base.view(name)]),
      expected,
    ),
  ).toBeGreaterThan(0.01);
});
