import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Term, Vector } from "../../../../trainers/engine/contract.js";
import { trainers } from "../../../../trainers/methods/catalog.js";
import { memoryObjective } from "../../../../trainers/methods/constraints/episodic-memory.js";
import { constraints } from "../../../../trainers/methods/constraints/index.js";
import { bounded, newDirection } from "../../../../trainers/methods/constraints/orthonormal-basis.js";
import { singularDirections } from "../../../../trainers/methods/constraints/singular-directions.js";
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
  savedBy,
  viewOf,
} from "../rig.js";

test.each([
  ["gem", { memories: 4, memoryBatch: 2 }],
  ["a-gem", { memories: 4, memoryBatch: 2 }],
  ["gem", { memories: 4, memoryBatch: 2, project: "update" }],
  ["ogd", { items: 2, capacity: 5 }],
  ["osf", { share: 0.6 }],
])("%s %j ends with the same bits when it is saved and restored after every task", (name, options) =>
  expectSameBits(byName(trainers, name), options),
);

/** Learns three tasks, and looks at the constraint of every step. */
async function watch(
  name: string,
  given: Record<string, unknown>,
  see: (step: StepContext, constraint: unknown) => void,
) {
  const trainer = byName(trainers, name);
  const method = constraints.find((own) => own.name === name)!;
  const context = contextFor(trainer, { steps: 6, learningRate: 3e-3, warmupSteps: 0, ...given });
  const strategy = method.strategy(context.options);
  const watched: Strategy = {
    ...composeStrategies([named(name, strategy)]),
    async constraint(step) {
      const constraint = await strategy.constraint?.(step);
      see(step, constraint);
      return constraint;
    },
  };
  const learner = await openLearner(context, watched);
  const buffer = bufferFor(trainer, context.options);
  for (const index of [0, 1, 2]) await learner.learn(viewOf(index), learnContext(buffer));
  return { learner, buffer };
}

test("gem: one gradient for every past task, each on that task's memories, none in the first task", async () => {
  const counts: number[] = [];
  const { buffer } = await watch("gem", { memories: 8 }, (step, constraint) => {
    const { normals, margin } = (constraint ?? { normals: [], margin: 0.5 }) as { normals: Vector[]; margin: number };
    counts[step.view.index] = normals.length;
    expect(margin).toBe(0.5);
  });
  expect(counts).toEqual([0, 1, 2]);
  expect(buffer.items().length).toBe(24);
});

test.each(["gem", "a-gem"])("%s: with project: update what is frozen stays to the bit", async (name) => {
  const trainer = byName(trainers, name);
  const given = { memories: 4, memoryBatch: 2, project: "update", componentRates: { mlp: 0 }, steps: 6 };
  const [first, second] = await modelsAfter(trainer, given);
  const [before, after] = [await parametersOf(first!), await parametersOf(second!)];
  expect(after).not.toEqual(before);
  const frozen = (await first!.trainable()).layout.filter(({ name }) => name.includes("mlp"));
  for (const { offset, length } of frozen)
    expect(after.subarray(offset, offset + length)).toEqual(before.subarray(offset, offset + length));
});

test("a-gem: the reference gradient is that of the drawn memories, other ones in every step", async () => {
  const drawn = new Set<string>();
  await watch("a-gem", { memories: 16, memoryBatch: 4 }, (step, constraint) => {
    expect(constraint === undefined).toBe(step.view.index === 0);
    if (step.view.index === 0) return;
    const term = memoryObjective(step, 4)!.terms[0]! as Extract<Term, { kind: "language-modeling" }>;
    expect(term.batch).toHaveLength(4);
    drawn.add(term.batch.map(({ tokens }) => step.model.tokenizer.decode(tokens)).join("|"));
  });
  expect(drawn.size).toBe(12);
});

test("gem, a-gem: past examples are not trained on, and they forget less than sequential", async () => {
  const shared = { steps: 30, learningRate: 3e-3, warmupSteps: 0 };
  const scored = async (trainer: string, given: Record<string, unknown>) => {
    const { learner } = await learnAll(byName(trainers, trainer), { ...shared, ...given });
    const scores = await learner.score(
      abc[0]!.train.map(({ id, input, references }) => ({ id, input, continuation: references[0]! })),
    );
    return { score: scores.reduce((sum, own) => sum + own, 0), tokens: (await learner.cost()).trainedTokens! };
  };
  const plain = await scored("sequential", {});
  for (const name of ["gem", "a-gem"]) {
    const guarded = await scored(name, { memories: 32 });
    expect(guarded.score, name).toBeGreaterThan(plain.score);
    expect(guarded.tokens, name).toBeGreaterThan(plain.tokens);
  }
});

test.each([
  ["gem", { margin: 0 }],
  ["a-gem", {}],
])("%s: with project: update no step opposes a memory; with gradient, steps of Adam do", async (name, given) => {
  const share = "share of Adam's steps that opposed a memory's gradient";
  const opposing = async (project: string) => {
    const trainer = byName(trainers, name);
    const context = contextFor(trainer, {
      steps: 20,
      learningRate: 3e-3,
      warmupSteps: 0,
      memories: 8,
      project,
      ...given,
    });
    const inner = byName(constraints, name).strategy(context.options);
    const found = { opposed: 0, notes: [] as unknown[] };
    let before: Vector | undefined;
    const watched: Strategy = {
      ...composeStrategies([named(name, inner)]),
      async beforeStep({ model }) {
        before = await model.snapshot();
      },
      async afterStep(step, report) {
        const { model } = step;
        const past = [...new Set(step.buffer.items().map(({ taskId }) => taskId))];
        const objectives =
          name === "gem"
            ? past.map((task) => memoryObjective(step, 16, task)!)
            : [memoryObjective(step, 16)].filter((own) => own !== undefined);
        await inner.afterStep!(step, report);
        const after = await model.snapshot();
        await model.restore(before!);
        const moved = await model.combine([1, -1], [after, before!]);
        let worst = 0;
        for (const objective of objectives) {
          const normal = await model.gradient(objective);
          const size = Math.sqrt((await model.dot(normal, normal)) * (await model.dot(moved, moved)));
          worst = Math.max(worst, (await model.dot(moved, normal)) / size);
        }
        if (worst > 1e-3) found.opposed++;
        await model.restore(after);
      },
    };
    const learner = await openLearner(context, watched);
    const buffer = bufferFor(trainer, context.options);
    for (const index of [0, 1, 2]) {
      const { notes } = await learner.learn(viewOf(index), learnContext(buffer));
      if (index > 0) found.notes.push(notes[share]);
    }
    return found;
  };
  const [gradient, update] = [await opposing("gradient"), await opposing("update")];
  expect(update.opposed).toBe(0);
  expect(gradient.opposed).toBeGreaterThan(0);
  for (const own of [gradient, update]) expect(own.notes.every((value) => (value as number) >= 0)).toBe(true);
});

describe("ogd", () => {
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

  test("its directions are orthonormal, so many a task", async () => {
    const { learner } = await learnAll(byName(trainers, "ogd"), { items: 3, capacity: 20 });
    const rows = Object.values(loadVectors(join(await savedBy(learner), "strategies/ogd"), "basis"));
    expect(rows).toHaveLength(9);
    for (const [i, a] of rows.entries()) {
      for (const [j, b] of rows.entries()) expect(dot(a, b)).toBeCloseTo(i === j ? 1 : 0, 4);
    }
  });

  test("with a frozen component the basis is orthonormal over what is trained", async () => {
    const trainer = byName(trainers, "ogd");
    const context = contextFor(trainer, { items: 3, componentRates: { embed_tokens: 0, norm: 0.5 } });
    const inner = byName(constraints, "ogd").strategy(context.options);
    let rows: Float32Array[] = [];
    let still = { offset: 0, length: 0 };
    const watched: Strategy = {
      ...composeStrategies([named("ogd", inner)]),
      async constraint(step, rates) {
        const own = await inner.constraint!(step, rates);
        if (own?.kind !== "orthogonal") return own;
        const { layout, length } = await step.model.trainable();
        still = layout.find(({ name }) => name.includes("embed_tokens"))!;
        const all = await step.model.read(own.basis);
        rows = Array.from({ length: all.length / length }, (_, i) => all.subarray(i * length, (i + 1) * length));
        return own;
      },
    };
    const learner = await openLearner(context, watched);
    const buffer = bufferFor(trainer, context.options);
    for (const index of [0, 1]) await learner.learn(viewOf(index), learnContext(buffer));
    expect(rows).toHaveLength(3);
    for (const [i, a] of rows.entries()) {
      expect(a.subarray(still.offset, still.offset + still.length).every((value) => value === 0)).toBe(true);
      for (const [j, b] of rows.entries()) expect(dot(a, b)).toBeCloseTo(i === j ? 1 : 0, 4);
    }
  });

  test("a task's updates preserve the past answers that its directions represent", async () => {
    const shared = { steps: 20, learningRate: 1e-3, warmupSteps: 0, epsilon: 1 };
    const moved = async (name: string, given: Record<string, unknown>) => {
      const trainer = byName(trainers, name);
      const context = contextFor(trainer, { ...shared, ...given });
      const learner = await trainer.create(context);
      const buffer = bufferFor(trainer, context.options);
      const questions = abc[0]!.train.map(({ id, input, references }) => ({ id, input, continuation: references[0]! }));
      await learner.learn(viewOf(0), learnContext(buffer));
      const before = await learner.score(questions);
      await learner.learn(viewOf(1), learnContext(buffer));
      const after = await learner.score(questions);
      return before.reduce((sum, own, i) => sum + Math.abs(own - after[i]!), 0);
    };
    expect(await moved("ogd", { items: 32, capacity: 64 })).toBeLessThan(0.7 * (await moved("sequential", {})));
  });

  test("a vector in the span of the basis gives no direction", () => {
    const first = newDirection([], Float32Array.of(3, 4, 0))!;
    expect(first[0]).toBeCloseTo(0.6, 6);
    expect(newDirection([first], Float32Array.of(-6, -8, 0))).toBeUndefined();
    const second = newDirection([first], Float32Array.of(3, 4, 2))!;
    expect([...second].map((value) => Math.abs(Math.round(1e5 * value)) / 1e5)).toEqual([0, 0, 1]);
  });

  test("beyond the capacity the latest direction of the task with most gives way", () => {
    const one = (task: string) => ({ task, values: new Float32Array(1) });
    const kept = bounded([one("a"), one("a"), one("a"), one("b"), one("b"), one("c")], 4);
    expect(kept.map(({ task }) => task)).toEqual(["a", "a", "b", "c"]);
  });
});

test("osf: a task leaves what every matrix does along its leading directions, and changes the rest", async () => {
  const given = { steps: 8, learningRate: 3e-3, warmupSteps: 0, weightDecay: 0.1, share: 0.5 };
  const [first, second] = await modelsAfter(byName(trainers, "osf"), given);
  const [before, after] = [await parametersOf(first!), await parametersOf(second!)];
  const targets = (await first!.trainable()).layout.filter(({ name }) => /_proj\.weight$/.test(name));
  expect(targets).toHaveLength(7);
  for (const { offset, length, shape } of targets) {
    const [rows, columns] = shape as [number, number];
    const count = Math.floor(Math.min(rows, columns) / 2);
    const own = before.subarray(offset, offset + length);
    const { left, right } = singularDirections(own, [rows, columns], count);
    const moved = after.subarray(offset, offset + length).map((value, i) => value - own[i]!);
    const size = Math.hypot(...moved);
    expect(size).toBeGreaterThan(1e-3);
    let [above, along] = [0, 0];
    for (let k = 0; k < count; k++) {
      for (let column = 0; column < columns; column++) {
        let sum = 0;
        for (let row = 0; row < rows; row++) sum += left[k * rows + row]! * moved[row * columns + column]!;
        above += sum ** 2;
      }
      for (let row = 0; row < rows; row++) {
        let sum = 0;
        for (let column = 0; column < columns; column++)
          sum += right[k * columns + column]! * moved[row * columns + column]!;
        along += sum ** 2;
      }
    }
    expect(Math.sqrt(above) / size).toBeLessThan(1e-3);
    expect(Math.sqrt(along) / size).toBeLessThan(1e-3);
  }
});

test("osf: a target that no matrix has is refused, with the names that there are", async () => {
  const trainer = byName(trainers, "osf");
  const opened = trainer.create(contextFor(trainer, { targetModules: ["q_proj", "query"] }));
  await expect(opened).rejects.toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining('"query"') });
  await expect(opened).rejects.toMatchObject({ fix: expect.stringContaining("q_proj, k_proj") });
});
