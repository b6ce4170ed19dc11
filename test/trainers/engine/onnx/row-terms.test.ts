import { describe, expect, test } from "vitest";
import type { Logits, Term } from "../../../../trainers/engine/contract.js";
import { distillation, pick } from "../../../../trainers/engine/onnx/graph/operators/index.js";
import { fisher, sensitivity } from "../../../../trainers/engine/onnx/training/importance.js";
import type { TrainableDecoder } from "../../../../trainers/engine/onnx/training/trainable-decoder.js";
import { gradientError, normals } from "./finite-differences.js";
import { languageModeling, plainUpdate, sequences, smallConfig, smallModel } from "./small-model.js";

const batch = sequences([9, 5, 12]);
const other = sequences([7, 6], "other");
const { vocabulary } = smallConfig;

async function drawnLogits(model: TrainableDecoder, texts = batch): Promise<Logits> {
  const own = await model.logits(texts);
  return { ...own, values: Float32Array.from(normals(own.values.length, "logits")) };
}

const softmax = (row: ArrayLike<number>, temperature = 1) => {
  const weights = Array.from(row, (logit) => Math.exp(logit / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
};

/** The weights of predicted tokens, normalized to a sum of 1. */
function shares(texts = batch): number[] {
  const weights = texts.flatMap((text) => text.weights.filter((weight, index) => index > 0 && weight > 0));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

const rowOf = ({ classes, values }: Logits, row: number) => values.subarray(row * classes, (row + 1) * classes);

describe("operators", () => {
  test("distillation: the gradient is that of finite differences", async () => {
    const error = await gradientError([[3, 5]], (graph, student) => {
      const teacher = graph.constant(normals(15, "teacher"), [3, 5]);
      return distillation(student, teacher, graph.constant([2]));
    });
    expect(error).toBeLessThan(1e-7);
  });

  test("the label's logit: the gradient is that of finite differences", async () => {
    const error = await gradientError([[3, 5]], (graph, logits) =>
      pick(logits, graph.constant([4, 0, 2], [3], "int32")),
    );
    expect(error).toBeLessThan(1e-7);
  });
});

describe("terms over rows of logits", () => {
  const kinds = ["distillation", "logit-matching", "label-logit", "logit-norm"] as const;
  const termOf = async (kind: (typeof kinds)[number], model: TrainableDecoder): Promise<Term> => {
    const drawn = await drawnLogits(model);
    if (kind === "distillation") return { kind, batch, teacher: drawn, temperature: 2, weight: 0.7 };
    if (kind === "logit-matching") return { kind, batch, target: drawn, weight: 0.7 };
    return { kind, batch, weight: 0.7 };
  };
  const labels = batch.flatMap(({ tokens, weights }) => tokens.filter((_, i) => i > 0 && weights[i]! > 0));
  const direct: Record<string, (own: ArrayLike<number>, drawn: ArrayLike<number>, label: number) => number> = {
    distillation: (own, drawn) => {
      const [p, q] = [softmax(drawn, 2), softmax(own, 2)];
      return 4 * p.reduce((sum, value, i) => sum + value * Math.log(value / q[i]!), 0);
    },
    "logit-matching": (own, drawn) =>
      Array.from(own).reduce((sum, value, i) => sum + (value - drawn[i]!) ** 2, 0) / vocabulary,
    "label-logit": (own, _drawn, label) => own[label]!,
    "logit-norm": (own) => Array.from(own).reduce((sum, value) => sum + value ** 2, 0),
  };

  test.each(kinds)("%s: value, alone and added to the batch's own loss, and gradient", async (kind) => {
    const model = smallModel();
    const term = await termOf(kind, model);
    const [own, drawn] = [await model.logits(batch), await drawnLogits(model)];
    const expected = shares().reduce(
      (sum, share, row) => sum + share * direct[kind]!(rowOf(own, row), rowOf(drawn, row), labels[row]!),
      0,
    );
    expect(await model.loss({ terms: [term] })).toBeCloseTo(0.7 * expected, 4);
    const text = languageModeling(batch).terms[0]!;
    const both = { terms: [text, term, { ...text, batch: other, weight: 0.5 } as Term] };
    const value = await model.loss(both);
    const parts = await Promise.all(both.terms.map((one) => model.loss({ terms: [one] })));
    expect(value).toBeCloseTo(parts[0]! + parts[1]! + parts[2]!, 4);
    const gradient = model.vectors.values(await model.gradient(both));
    const direction = normals(model.trainable.length, "direction");
    const slope = direction.reduce((sum, d, i) => sum + d * gradient[i]!, 0);
    const at = async (step: number) => {
      const moved = smallModel();
      moved.trainable.values.forEach((_, i) => {
        moved.trainable.values[i]! += step * direction[i]!;
      });
      return moved.loss(both);
    };
    const numeric = ((await at(2e-3)) - (await at(-2e-3))) / 4e-3;
    expect(Math.abs(slope - numeric) / Math.abs(numeric)).toBeLessThan(0.02);
  });

  test("the teacher is the first distribution of the divergence: the other direction has another value", async () => {
    const model = smallModel();
    const own = await model.logits(batch);
    const { values, ...shape } = await drawnLogits(model);
    const drawn = { ...shape, values: values.map((value) => 3 * value) };
    const reversed = shares().reduce((sum, share, row) => {
      const [p, q] = [softmax(rowOf(own, row), 2), softmax(rowOf(drawn, row), 2)];
      return sum + share * 4 * p.reduce((all, value, i) => all + value * Math.log(value / q[i]!), 0);
    }, 0);
    const value = await model.loss({
      terms: [{ kind: "distillation", batch, teacher: drawn, temperature: 2, weight: 1 }],
    });
    expect(Math.abs(value - reversed) / reversed).toBeGreaterThan(0.01);
  });

  test("terms that name one batch share its forward pass", async () => {
    const [alone, shared] = [smallModel(), smallModel()];
    const term = await termOf("logit-norm", shared);
    const before = shared.flops;
    await alone.step(languageModeling(batch), plainUpdate);
    const report = await shared.step({ terms: [...languageModeling(batch).terms, term] }, plainUpdate);
    expect(report.tokens).toBe(batch.reduce((sum, { tokens }) => sum + tokens.length, 0));
    expect(shared.flops - before).toBe(alone.flops);
  });

  test("logits at other parameters are those of a model that has them", async () => {
    const [model, moved] = [smallModel(), smallModel({}, 4)];
    moved.trainable.values.forEach((value, i) => {
      moved.trainable.values[i] = 1.1 * value;
    });
    const at = model.vectors.hold(moved.trainable.values.slice());
    expect((await model.logits(batch, at)).values).toEqual((await moved.logits(batch)).values);
    expect((await model.logits(batch)).values).not.toEqual((await moved.logits(batch)).values);
  });
});

describe("importances", () => {
  const largestError = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    const scale = Math.max(...Array.from(b, Math.abs));
    return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!))) / scale;
  };

  test("the exact Fisher is the sum over all labels of p · gradient², and what samples tend to", async () => {
    const model = smallModel();
    const [example] = sequences([6]);
    const exact = model.vectors.values(await fisher(model, [example!], "exact", 1, 1));
    const positions = example!.weights.flatMap((weight, index) => (index > 0 && weight > 0 ? [index] : []));
    const total = positions.reduce((sum, index) => sum + example!.weights[index]!, 0);
    const logits = await model.logits([example!]);
    const direct = new Float64Array(model.trainable.length);
    for (const [row, index] of positions.entries()) {
      for (const [label, p] of softmax(rowOf(logits, row)).entries()) {
        const tokens = [...example!.tokens.slice(0, index), label];
        const weights = tokens.map((_, i) => (i === index ? 1 : 0));
        const gradient = model.vectors.values(await model.gradient(languageModeling([{ tokens, weights }])));
        gradient.forEach((value, i) => {
          direct[i]! += p * (example!.weights[index]! / total) ** 2 * value ** 2;
        });
      }
    }
    expect(largestError(exact, direct)).toBeLessThan(1e-4);
    const drawn = model.vectors.values(await fisher(model, Array(400).fill(example), "sampled", 1, 1));
    expect(largestError(drawn, exact)).toBeLessThan(0.25);
    const empirical = model.vectors.values(await fisher(model, [example!], "empirical", 1, 1));
    expect(largestError(empirical, exact)).toBeGreaterThan(0.25);
  });

  test("a lower coverage leaves out unlikely labels alone: a little less, nowhere more", async () => {
    const model = smallModel();
    const all = model.vectors.values(await fisher(model, batch, "exact", 1, 1));
    const most = model.vectors.values(await fisher(model, batch, "exact", 1, 0.8));
    expect(most.every((value, i) => value <= all[i]! * (1 + 1e-5))).toBe(true);
    expect(most.reduce((a, b) => a + b, 0)).toBeLessThan(all.reduce((a, b) => a + b, 0));
  });

  test("the sensitivity is the mean magnitude of each example's gradient of ‖logits‖²", async () => {
    const model = smallModel();
    const found = model.vectors.values(await sensitivity(model, batch));
    const direct = new Float64Array(model.trainable.length);
    for (const example of batch) {
      const objective = { terms: [{ kind: "logit-norm" as const, batch: [example], weight: 1 }] };
      const gradient = model.vectors.values(await model.gradient(objective));
      gradient.forEach((value, i) => {
        direct[i]! += Math.abs(value) / batch.length;
      });
    }
    expect(largestError(found, direct)).toBeLessThan(1e-5);
  });
});
