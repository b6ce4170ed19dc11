import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Plugin } from "../../../harness/contract/plugin.js";
import type { Learner, LearnerContext } from "../../../harness/contract/trainer.js";

/** A suite of one question, and a trainer that sleeps: what is left of a cell is what carrying it out takes. */
export const plugin: Plugin = {
  suites: [
    {
      name: "nap",
      summary: "one task of one question",
      source: "a benchmark",
      options: { properties: {} },
      load: async () => {
        const item = { input: [{ type: "text" as const, text: "Sleep?" }], references: ["yes"] };
        const part = (name: string) => [{ id: `nap-${name}`, ...item }];
        const task = { id: "nap", title: "nap", language: "en", scorer: { name: "choice" }, maxNewTokens: 1 };
        return {
          ...{ name: "nap", version: "1", title: "Nap", generated: true, digest: "nap", defaultModel: "." },
          tasks: [{ ...task, train: part("train"), validation: part("validation"), test: part("test") }],
          ...{ orders: [{ name: "only", tasks: ["nap"] }], probes: [], generalItems: [] },
        };
      },
    },
  ],
  models: [
    {
      name: "nap",
      summary: "a directory with nap.txt",
      recognizes: (directory) => existsSync(join(directory, "nap.txt")),
      inspect: async () => ({ architecture: "none", parameters: 1, digest: "nap" }),
    },
  ],
  trainers: [
    {
      name: "nap",
      summary: "sleeps",
      source: "a benchmark",
      version: 1,
      options: { properties: { milliseconds: { type: "number", default: 0 }, twin: { type: "integer", default: 0 } } },
      schedule: "sequence",
      needs: () => ({ pastData: "none", generalItems: 0, taskIdAtTest: false, validationOfPastTasks: false }),
      create: async ({ options }: LearnerContext) => sleeper(Number(options.milliseconds)),
    },
  ],
};

function sleeper(milliseconds: number): Learner {
  return {
    async learn() {
      await pause(milliseconds);
      return { steps: 1, finalLoss: null, curve: [], notes: {} };
    },
    generate: async (requests) => requests.map(() => ({ text: "yes", tokens: 1, finishReason: "end" })),
    score: async (requests) => requests.map(() => 0),
    save: async (directory) => writeFileSync(join(directory, "nap.txt"), "asleep"),
    restore: async () => undefined,
    cost: async () => ({
      ...{ trainedTokens: 0, generatedTokens: 0, flops: 0, trainableParameters: 0, addedParameters: 0 },
      tensorBytes: 0,
    }),
    release: async () => undefined,
  };
}
