import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Model, Objective } from "../../../../trainers/engine/contract.js";
import { methods, trainers } from "../../../../trainers/methods/catalog.js";
import { composeStrategies } from "../../../../trainers/training/compose.js";
import { parametersOf } from "../../../../trainers/training/parameters.js";
import { loadVectors } from "../../../../trainers/training/state.js";
import type { StepContext, Strategy } from "../../../../trainers/training/strategy.js";
import {
  abc,
  bufferFor,
  byName,
  contextFor,
  expectSameBits,
  learnAll,
  learnContext,
  modelsAfter,
  named,
  openLearner,
  openTiny,
  savedBy,
  viewOf,
} from "../rig.js";

const shared = { steps: 10, learningRate: 3e-3, warmupSteps: 0 };

test.each([
  ["si", {}],
  ["si", { form: "gradient", lambda: 0.05 }],
  ["freeze", { layers: 0 }],
  ["migu", {}],
  ["migu", { renew: "task", items: 4 }],
])("%s %j ends with the same bits when it is saved and restored after every task", (name, options) =>
  expectSameBits(byName(trainers, name), options),
);

/** The base, and the model after each of the first tasks. */
const models = async (name: string, given: Record<string, unknown>, tasks = 2): Promise<Model[]> => [
  await openTiny(),
  ...(await modelsAfter(byName(trainers, name), { ...shared, ...given }, tasks)),
];

/** For each tensor which of its rows differ between two models. */
async function movedRows(a: Model, b: Model): Promise<Map<string, boolean[]>> {
  const [before, after] = [await parametersOf(a), await parametersOf(b)];
  const { layout } = await a.trainable();
  return new Map(
    layout.map(({ name, shape, offset, length }) => {
      const width = length / shape[0]!;
      const rows = Array.from({ length: shape[0]! }, (_, row) => {
        const start = offset + row * width;
        return before!.subarray(start, start + width).some((value, i) => value !== after![start + i]);
      });
      return [name, rows];
    }),
  );
}

describe("freeze", () => {
  test("nothing frozen moves by weight decay, earlier moments or a proximal pull", async () => {
    const [base, , second] = await models("freeze", { layers: 0, weightDecay: 0.5, keepOptimizer: true });
    expect((await movedRows(base!, second!)).get("model.embed_tokens.weight")!.some(Boolean)).toBe(false);
  });

  test("embeddings and bottom layers do not move, the rest does", async () => {
    const [base, trained] = await models("freeze", { layers: 0 }, 1);
    const moved = await movedRows(base!, trained!);
    expect(moved.get("model.embed_tokens.weight")!.some(Boolean)).toBe(false);
    expect(moved.get("model.layers.0.mlp.up_proj.weight")!.every(Boolean)).toBe(true);
    const [, still] = await models("freeze", { embeddings: false, layers: 1 }, 1);
    const other = await movedRows(base!, still!);
    for (const [name, rows] of other) if (name.startsWith("model.layers.0.")) expect(rows.some(Boolean)).toBe(false);
    expect(other.get("model.embed_tokens.weight")!.some(Boolean)).toBe(true);
  });
});

describe("migu", () => {
  test("one step moves the rows with the largest outputs alone, three in ten; further steps have masks of their own", async () => {
    const share = async (steps: number) => {
      const [, first, second] = await models("migu", { steps, keepOptimizer: true, weightDecay: 0.1 });
      const rows = (await movedRows(first!, second!)).get("model.layers.0.mlp.up_proj.weight")!;
      return rows.filter(Boolean).length / rows.length;
    };
    const [once, often] = [await share(1), await share(10)];
    expect(Math.abs(once - 0.3)).toBeLessThan(0.05);
    expect(often).toBeGreaterThan(once);
    expect(often).toBeLessThan(0.6);
  });

  test("with one mask a task, the rows with the largest outputs alone move: three in ten", async () => {
    const [base, first, second] = await models("migu", { renew: "task", items: 32 });
    expect((await movedRows(base!, first!)).get("model.layers.0.mlp.up_proj.weight")!.every(Boolean)).toBe(true);
    const moved = await movedRows(first!, second!);
    const sequences = abc[1]!.train.map(({ id, input }) => ({
      id,
      tokens: first!.tokenizer.encode(input.map((part) => (part.type === "text" ? part.text : "")).join("")),
    }));
    const magnitudes = await first!.activations(sequences);
    for (const module of ["self_attn.q_proj", "mlp.up_proj", "mlp.down_proj"]) {
      const rows = moved.get(`model.layers.0.${module}.weight`)!;
      const share = rows.filter(Boolean).length / rows.length;
      expect(Math.abs(share - 0.3)).toBeLessThan(0.05);
      const own = magnitudes[`model.layers.0.${module}`]!;
      const meanOf = (wanted: boolean) => {
        const values = [...own].filter((_, row) => rows[row] === wanted);
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      };
      expect(meanOf(true)).toBeGreaterThan(meanOf(false));
    }
  });

  test("activations are sums of |output|: of twice the inputs twice as much", async () => {
    const model = await openTiny();
    const request = { id: "1", tokens: [40, 50, 60, 70] };
    const [once, twice] = [await model.activations([request]), await model.activations([request, request])];
    expect(Object.keys(once)).toHaveLength(7);
    for (const [path, values] of Object.entries(once)) {
      values.forEach((value, i) => {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(twice[path]![i]).toBeCloseTo(2 * value, 5);
      });
    }
  });
});

describe("si", () => {
  /**
   * What si keeps after each task; of the last task, Σ −g·Δθ over the steps, and that over the distance gone. g is the
   * gradient that a step reports, or of an objective before it.
   */
  async function follow(given: Record<string, unknown>, tasks: number, objective?: (step: StepContext) => Objective) {
    const context = contextFor(byName(trainers, "si"), { ...shared, ...given, xi: 0.01 });
    const strategy = byName(methods, "si").strategy(context.options);
    let [before, start, end, slope] = Array.from({ length: 4 }, () => new Float32Array() as Float32Array);
    let path = new Float64Array();
    const watch: Strategy = {
      usesOwnBatches: true,
      readsGradient: objective === undefined,
      async beforeStep(step) {
        before = await parametersOf(step.model);
        if (step.step === 0) [start, path] = [before, new Float64Array(before.length)];
        if (objective) slope = await step.model.read(await step.model.gradient(objective(step)));
      },
      async afterStep({ model }, { gradient }) {
        end = await parametersOf(model);
        if (!objective) slope = await model.read(gradient!);
        for (const [i, value] of end.entries()) path[i]! -= slope![i]! * (value - before![i]!);
      },
    };
    const learner = await openLearner(context, composeStrategies([named("si", strategy), named("watch", watch)]));
    const buffer = bufferFor(byName(trainers, "si"), context.options);
    const importances: Float32Array[] = [];
    for (let index = 0; index < tasks; index++) {
      await learner.learn(viewOf(index), learnContext(buffer));
      importances.push(loadVectors(join(await savedBy(learner), "strategies/si"), "anchor").importance!);
    }
    const direct = Array.from(path, (value, i) => Math.max(0, value) / ((end![i]! - start![i]!) ** 2 + 0.01));
    return { importances, path, direct, mean: direct.reduce((sum, value) => sum + value, 0) / direct.length };
  }

  test("its importance is −Σ g·Δθ over the distance that was gone, over its mean", async () => {
    const { importances, path, direct, mean } = await follow({}, 1);
    const expected = direct.map((value) => value / mean); // of a path in float64
    const largest = Math.max(...importances[0]!.map((value, i) => Math.abs(value - expected[i]!)));
    expect(largest).toBeLessThan(1e-6 * Math.max(...expected));
    expect(path.reduce((sum, value) => sum + value, 0)).toBeGreaterThan(0);
  });

  test("in the gradient form it integrates the gradient of the loss without the penalty", async () => {
    const { importances, direct, mean } = await follow({ form: "gradient", lambda: 5 }, 2, ({ batch }) => ({
      terms: [{ kind: "language-modeling", batch, weight: 1 }],
    }));
    const own = importances[1]!.map((value, i) => value - importances[0]![i]!);
    const error = Math.hypot(...own.map((value, i) => value - direct[i]! / mean)) / Math.hypot(...own);
    expect(error).toBeLessThan(1e-3);
  });

  test("it keeps parameters closer than without a penalty", async () => {
    const movement = async (lambda: number) => {
      const [, first, second] = await models("si", { lambda });
      const [a, b] = [await parametersOf(first!), await parametersOf(second!)];
      return a!.reduce((sum, value, i) => sum + (value - b![i]!) ** 2, 0);
    };
    expect(await movement(100)).toBeLessThan(await movement(0));
  });

  test("it trains as sequential does until there is a past", async () => {
    const one = { tasks: abc.slice(0, 1) };
    const [own, plain] = [
      await learnAll(byName(trainers, "si"), shared, one),
      await learnAll(byName(trainers, "sequential"), shared, one),
    ];
    expect(await own.learner.answerDigest!()).toBe(await plain.learner.answerDigest!());
  });
});
