import { join } from "node:path";
import { packageRoot } from "../../../../harness/contract/files.js";
import { unconfined } from "../../../../harness/contract/isolation.js";
import type { Suite } from "../../../../harness/contract/suite.js";
import type { Learner, LearnerContext, TrainingView } from "../../../../harness/contract/trainer.js";
import { describeProgram } from "../../../../harness/plugins/process-trainer.js";
import { loadRegistry } from "../../../../harness/plugins.js";
import { MeteredBuffer } from "../../../../harness/run/cell/buffer.js";
import { costOf, footprintOf, meter } from "../../../../harness/run/cell/cost.js";
import { assembleCost } from "../../../../harness/run/cell/cost-record.js";
import { checkLearnReport } from "../../../../harness/run/cell/learn-report.js";
import { assembleMatrix, sampleLines } from "../../../../harness/run/cell/matrix.js";
import { type MeasuredRow, measuredRows } from "../../../../harness/run/cell/row.js";
import { measureSynthetic } from "../../../../harness/run/cell/synthetic.js";
import { evaluate } from "../../../../harness/run/evaluate/evaluate.js";
import { checkRecord } from "../../../../harness/run/store/check-record.js";
import { rooms } from "../../../../rooms.js";
import { TorchChild } from "../../../../trainers/engine/torch/child.js";
import { type Kind, type Outcome, outcomeOf, requirePass } from "../kind.js";
import { mutateJson } from "../mutate.js";

const example = (id: string) => ({ id, input: [{ type: "text" as const, text: id }], references: ["yes"] });
const task: Suite["tasks"][number] = {
  ...{ id: "one", title: "one", language: "en", scorer: { name: "exact-match" }, maxNewTokens: 4 },
  ...{ train: [example("a")], validation: [], test: [example("b"), example("c")] },
};
const view: TrainingView = {
  index: 0,
  tasks: [{ task, train: task.train, validation: [] }],
  pastValidation: [],
  generalItems: [],
};

/** What a well-behaved trainer returns. */
const answers = {
  learn: {
    ...{ steps: 3, finalLoss: 0.5, curve: [{ step: 1, loss: 0.7, learningRate: 0.1 }], notes: { device: "cpu" } },
    drawn: [{ source: "buffer", task: "one", items: 3, distinct: 2 }],
    synthetic: [
      { taskId: "one", drawn: 2, parsed: 2, kept: 1, dropped: { long: 1 }, items: [{ input: "x", output: "y" }] },
    ],
  },
  generate: [
    { text: "yes", tokens: 1, finishReason: "end", evidence: ["d1"] },
    { text: "no", tokens: 2, finishReason: "length" },
  ],
  cost: {
    ...{ trainedTokens: 10, generatedTokens: 5, flops: 100.5 },
    ...{ trainableParameters: 7, addedParameters: 0, tensorBytes: 28 },
  },
};

/** Whether a record can be read again from the file that it is written to. */
function isReadable(schema: string, record: unknown): boolean {
  try {
    checkRecord(schema, JSON.parse(JSON.stringify(record)), "");
    return true;
  } catch {
    return false;
  }
}

/** A trainer in this process that returns anything: it is refused, or what is stored of it can be read again. */
export const pluginOutputs: Kind = {
  name: "plug-in's outputs",
  share: 12,
  async open() {
    const registry = await loadRegistry(rooms);
    const attempt = (given: Record<keyof typeof answers, unknown>, method: keyof typeof answers): Promise<Outcome> => {
      const learner = {
        learn: async () => given.learn,
        generate: async () => given.generate,
        cost: async () => given.cost,
      } as unknown as Learner;
      return outcomeOf(
        `${method} returned ${JSON.stringify(given[method])?.slice(0, 2000)}`,
        async () => {
          const { result, usage } = await meter(learner, true, () => learner.learn(view, {} as never));
          const { synthetic = [], ...report } = checkLearnReport(result);
          const set = { dataset: "test" as const, task, examples: task.test };
          const context = { scorer: registry.scorer.bind(registry), taskIdAtTest: false, progress: () => undefined };
          const sets = await evaluate(learner, [set], context);
          const row: MeasuredRow = {
            record: {
              ...{ schema: "row@2", row: 1, evaluation: "evaluations/x.json" },
              learning: [{ ...report, task: "one", seconds: 1 }],
              ...{ learningUsage: usage, keepingSeconds: 0, buffer: { samples: 0, bytes: 0 }, checkpointBytes: 0 },
              footprint: footprintOf(await costOf(learner)),
            },
            evaluation: { schema: "evaluation@2", sets, usage },
          };
          const cell = { id: "0000000000000000", trainer: "t", order: "o", seed: 1 };
          const matrix = assembleMatrix(cell, "sequence", ["one"], { probes: [] }, measuredRows([row]));
          const stored = [
            ["matrix", matrix],
            ["cost", assembleCost([row], null)],
            ...measureSynthetic(synthetic, 1, [task]).map((one) => ["synthetic", one]),
            ...sampleLines(measuredRows([row]))
              .trimEnd()
              .split("\n")
              .map((line) => ["sample", JSON.parse(line)]),
          ] as [string, unknown][];
          const unreadable = stored.find(([schema, record]) => !isReadable(schema, record));
          return unreadable === undefined ? "readable" : JSON.stringify(unreadable);
        },
        "readable",
      );
    };
    requirePass(await attempt(answers, "learn"));
    return async (draw) => {
      const method = draw.pick(Object.keys(answers) as (keyof typeof answers)[]);
      return attempt({ ...answers, [method]: mutateJson(answers[method], draw) }, method);
    };
  },
};

const context: LearnerContext = {
  model: "x",
  device: "cpu",
  threads: 1,
  seed: 1,
  options: {},
  tasks: [],
  quick: false,
};

/** A trainer in a process of its own whose messages are changed: refused in time, or answered. */
export const pluginProcess: Kind = {
  name: "plug-in's messages",
  share: 2,
  async open() {
    process.env.BENCH_PLUGIN_TIMEOUT = "2";
    const program = join(packageRoot, "test", "bench", "attack", "hostile-plugin.mjs");
    return async (draw) => {
      const seed = draw.integer(2 ** 31);
      return outcomeOf(`node ${program} ${seed}`, async () => {
        const [trainer] = await describeProgram({ words: [process.execPath, program, String(seed)] }, unconfined);
        if (trainer === undefined) return; // it declares none
        const learner = await trainer.create(context);
        try {
          const buffer = new MeteredBuffer({
            ...{ pastData: { buffer: 3 }, generalItems: 0, taskIdAtTest: false, validationOfPastTasks: false },
          });
          await learner.learn(view, { buffer, cancelled: () => false, progress: () => undefined });
          const request = { id: "a", input: [{ type: "text" as const, text: "a" }] };
          await learner.generate([request], { maxNewTokens: 4 });
          await learner.score([{ ...request, continuation: "x" }]);
          await costOf(learner);
        } finally {
          await learner.release().catch(() => undefined);
        }
      });
    };
  },
};

/** The process of the engine `torch`, whose answers are changed: it fails in time, or answers. */
export const engineProcess: Kind = {
  name: "engine's messages",
  share: 2,
  async open() {
    const program = join(packageRoot, "test", "bench", "attack", "hostile-engine.mjs");
    return async (draw) => {
      process.env.BENCH_ATTACK_SEED = String(draw.integer(2 ** 31));
      return outcomeOf(`BENCH_ATTACK_SEED=${process.env.BENCH_ATTACK_SEED} ${program}`, async () => {
        const child = new TorchChild(program, 1);
        try {
          for (const method of ["open", "generate", "read", "meter"]) await child.ask(method, {}, 2);
        } finally {
          child.kill();
        }
      });
    };
  },
};
