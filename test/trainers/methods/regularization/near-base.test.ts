import { expect, test } from "vitest";
import type { Term, TrainingSequence } from "../../../../trainers/engine/contract.js";
import { methods, trainers } from "../../../../trainers/methods/catalog.js";
import { composeStrategies } from "../../../../trainers/training/compose.js";
import type { StepContext, Strategy } from "../../../../trainers/training/strategy.js";
import { fixtureImage, writeTinyLlava } from "../../model/vision/tiny-llava.js";
import {
  abc,
  bufferFor,
  byName,
  contextFor,
  expectSameBits,
  learnAll,
  learnContext,
  named,
  openLearner,
  openTiny,
  tinyTask,
  viewOf,
  withModel,
} from "../rig.js";

const shared = { steps: 12, learningRate: 3e-3, warmupSteps: 0 };

test.each([
  ["kl", {}],
  ["kl", { direction: "reverse", beta: 0.3 }],
  ["sdft", { teacherRate: 0.1 }],
  ["sdft", { teacherRate: null, supervised: 0.5 }],
  ["self-rewrite", { keep: "all", temperature: 0.7 }],
])("%s %j ends with the same bits when it is saved and restored after every task", (name, options) =>
  expectSameBits(byName(trainers, name), options),
);

test("self-rewrite at temperature 1 ends with the same bits where an item comes again after it was restored", async () => {
  const tasks = [1, 6, 3].map((maxNewTokens, i) => {
    const { task, ...data } = tinyTask("abc"[i]!, 6);
    return { ...data, task: { ...task, maxNewTokens } };
  });
  const options = {
    use: ["self-rewrite", "replay"],
    "self-rewrite": { keep: "all", temperature: 1 },
    replay: { generalItems: 6, generalShare: 0.3 },
  };
  const composed = byName(trainers, "composed");
  const generalItems = tinyTask("g", 6).train;
  const straight = await learnAll(composed, options, { tasks, generalItems });
  const interrupted = await learnAll(composed, options, { tasks, generalItems, interrupted: true });
  expect(await interrupted.learner.answerDigest!()).toBe(await straight.learner.answerDigest!());
});

test.each(["forward", "reverse"])(
  "kl, %s: the more beta weighs, the nearer the answers stay to the base's",
  async (direction) => {
    const distances = async (beta: number) => {
      const { reports } = await learnAll(byName(trainers, "kl"), { ...shared, direction, beta, monitor: true });
      return reports.map(({ baseDistance }) => baseDistance!);
    };
    const [free, held] = [await distances(0), await distances(10)];
    expect(free).toHaveLength(abc.length);
    for (const [task, distance] of held.entries()) {
      expect(distance).toBeGreaterThan(0);
      expect(distance).toBeLessThan(0.5 * free[task]!);
    }
  },
);

/** Learns one task, and looks at every step after its terms were asked for. */
async function watch(name: string, given: Record<string, unknown>, see: (step: StepContext, terms: Term[]) => void) {
  const trainer = byName(trainers, name);
  const context = contextFor(trainer, { ...shared, ...given });
  const inner = byName(methods, name).strategy(context.options);
  const watched: Strategy = {
    ...composeStrategies([named(name, inner)]),
    terms(step) {
      const terms = inner.terms!(step);
      see(step, terms);
      return terms;
    },
  };
  const learner = await openLearner(context, watched);
  const report = await learner.learn(viewOf(0), learnContext(bufferFor(trainer, context.options)));
  return { report, learner };
}

const answer = ({ tokens, weights }: TrainingSequence) => tokens.filter((_, i) => weights[i]! > 0);
const question = ({ tokens, weights }: TrainingSequence) => tokens.filter((_, i) => weights[i] === 0);

test("sdft: the model's own answers to the questions are trained on, and no label enters a loss", async () => {
  const seen = new Set<string>();
  const { report, learner } = await watch("sdft", {}, ({ batch, model }, terms) => {
    expect(terms.map(({ kind }) => kind)).toEqual(["reverse-distillation"]);
    const [{ batch: own, teacher }] = terms as Extract<Term, { kind: "reverse-distillation" }>[];
    expect(own!.map(question)).toEqual(batch.map(question));
    expect(teacher!.rows).toBe(own!.reduce((sum, sequence) => sum + answer(sequence).length, 0));
    for (const sequence of own!) seen.add(model.tokenizer.decode(answer(sequence)));
  });
  expect(seen.size).toBeGreaterThan(8);
  expect(report.finalLoss).toBeLessThan(report.curve[0]!.loss);
  expect((await learner.cost()).generatedTokens).toBeGreaterThan(0);
});

test("sdft: the teacher sees the solved question before the question", async () => {
  let compared = 0;
  const trainer = byName(trainers, "sdft");
  const context = contextFor(trainer, { ...shared, steps: 1, teacherRate: null });
  const inner = byName(methods, "sdft").strategy(context.options);
  const watched: Strategy = {
    ...composeStrategies([named("sdft", inner)]),
    async beforeStep(step) {
      await inner.beforeStep!(step);
      const [term] = inner.terms!(step) as Extract<Term, { kind: "reverse-distillation" }>[];
      const shown = step.items.map(({ example }, i) => {
        const text = (example.input[0] as { text: string }).text;
        const demonstration = step.model.tokenizer.encode(`${text} ${example.references[0]!}\n\n${text}`);
        const own = answer(term!.batch[i]!);
        return { tokens: [...demonstration, ...own], weights: [...demonstration.map(() => 0), ...own.map(() => 1)] };
      });
      const expected = await step.model.logits(shown);
      const worst = expected.values.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - term!.teacher.values[i]!)),
        0,
      );
      expect(worst).toBeLessThan(1e-4);
      compared++;
    },
  };
  const learner = await openLearner(context, watched);
  await learner.learn(viewOf(0), learnContext(bufferFor(trainer, context.options)));
  expect(compared).toBe(1);
});

test("self-rewrite: what the base writes, shown question and answer, is trained on where it contains the answer", async () => {
  const base = await openTiny();
  const loss = async (keep: string) => {
    const expected: Promise<number>[] = [];
    const { report } = await watch("self-rewrite", { keep, steps: 1 }, ({ items, sequence }, terms) => {
      const [{ batch }] = terms as Extract<Term, { kind: "language-modeling" }>[];
      expected.push(
        (async () => {
          const prompts = items.map(
            ({ example }) =>
              `Below are an instruction that describes a task along with a reference answer. Using the reference answer as a guide, write your own response.\n### Instruction:\n${(example.input[0] as { text: string }).text}\n### Reference Answer:\n${example.references[0]!}\n### Response:`,
          );
          const requests = prompts.map((text, index) => ({
            id: items[index]!.example.id,
            tokens: base.tokenizer.encode(text),
          }));
          const written = await base.generate(requests, { maxNewTokens: 3 });
          const used = items.map(({ example, task }, index) => {
            const text = written[index]!.text.trim();
            const agrees =
              written[index]!.finishReason !== "length" && text.toLowerCase().includes(example.references[0]!);
            const rewritten = text !== "" && (keep === "all" || agrees);
            return sequence({ example: rewritten ? { ...example, references: [text] } : example, task });
          });
          expect(batch!.map(({ tokens }) => tokens)).toEqual(used.map(({ tokens }) => tokens));
          return base.loss({ terms: [{ kind: "language-modeling", batch: used, weight: 1 }] });
        })(),
      );
    });
    expect(report.curve[0]!.loss).toBeCloseTo((await Promise.all(expected))[0]!, 4);
    return report.curve[0]!.loss;
  };
  expect(await loss("all")).not.toBeCloseTo(await loss("with-answer"), 2);
});

test("self-rewrite is sequential, to the bit, where nothing that the base writes contains the answer", async () => {
  const unheard = abc.map(({ task, train, validation }) => ({
    task,
    validation,
    train: train.map((example) => ({ ...example, references: ["unheard of"] })),
  }));
  const final = async (name: string) => (await learnAll(byName(trainers, name), shared, { tasks: unheard })).reports;
  const [one, other] = [await final("self-rewrite"), await final("sequential")];
  expect(one.map(({ curve }) => curve)).toEqual(other.map(({ curve }) => curve));
  expect(one[0]!.notes).toMatchObject({ "answers rewritten": 0 });
});

test.each([
  ["sdft", ["generate", "logits"], [1, 2]],
  ["self-rewrite", ["generate"], [1]],
])("%s shows the image of a question wherever it shows the question", async (name, calls, images) => {
  const trainer = byName(trainers, name);
  const context = withModel(contextFor(trainer, { steps: 2 }), writeTinyLlava());
  const { path, digest } = fixtureImage("rgb-160x120.jpg");
  const { task, train, ...data } = tinyTask("a", 8);
  const seen = train.map((example) => ({
    ...example,
    input: [{ type: "image" as const, path, digest }, ...example.input],
  }));
  const strategy = methods.find((own) => own.name === name)!.strategy(context.options);
  const shown: [string, number][] = [];
  const watched: Strategy = {
    ...composeStrategies([named(name, strategy)]),
    async beforeStep(step) {
      const model = new Proxy(step.model, {
        get:
          (own, key) =>
          (first: readonly { images?: readonly unknown[] }[], ...others: never[]) => {
            if (Array.isArray(first))
              shown.push(...first.map(({ images }): [string, number] => [String(key), images?.length ?? 0]));
            return Reflect.get(own, key).call(own, first, ...others);
          },
      });
      await strategy.beforeStep?.({ ...step, model });
    },
  };
  const learner = await openLearner(context, watched);
  const buffer = bufferFor(trainer, context.options);
  await learner.learn(viewOf(0, [{ task, train: seen, ...data }]), learnContext(buffer));
  expect(new Set(shown.map(String))).toEqual(new Set(calls.map((call, i) => `${call},${images[i]}`)));
});
