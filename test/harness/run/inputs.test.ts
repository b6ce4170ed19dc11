import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ModelFormat, Plugin } from "../../../harness/contract/plugin.js";
import { type Example, type Modality, readableInput } from "../../../harness/contract/suite.js";
import type { Generation, Learner } from "../../../harness/contract/trainer.js";
import { loadRegistry, type Registry } from "../../../harness/plugins.js";
import { evaluate } from "../../../harness/run/evaluate/evaluate.js";
import { planRun } from "../../../harness/run/plan/plan.js";
import { readRun, readSamples } from "../../../harness/run/store/store.js";
import { newDirectory } from "../../files.js";
import { configure, plugins, run } from "./support.js";

const image = { type: "image", path: "cat.png", digest: "0123456789abcdef" } as const;

/** The fixture's registry with an image in one test item, and trainer and model that take what is said. */
async function registryWith(trainer: Modality[] | undefined, model: Modality[] | undefined): Promise<Registry> {
  const registry = await loadRegistry(plugins);
  const words = registry.suite("words");
  const format = registry.allModels()[0]!;
  const suite: NonNullable<Plugin["suites"]>[number] = {
    ...words,
    async load(request) {
      const loaded = await words.load(request);
      const [first, ...others] = loaded.tasks;
      const [item, ...items] = first!.test;
      const seen: Example = { ...item!, input: [...item!.input, image] };
      return { ...loaded, tasks: [{ ...first!, test: [seen, ...items] }, ...others] };
    },
  };
  return Object.assign(Object.create(registry) as Registry, {
    modelFor: (): ModelFormat => ({
      ...format,
      inspect: async (directory: string) => ({
        ...(await format.inspect(directory)),
        ...(model && { modalities: model }),
      }),
    }),
    suite: () => suite,
    trainer: (name: string) => ({ ...registry.trainer(name), ...(trainer && { modalities: trainer }) }),
  });
}

describe("a suite with an image", () => {
  const planned = async (trainer: Modality[] | undefined, model: Modality[] | undefined) =>
    planRun(configure(newDirectory(), {}, "sequential"), await registryWith(trainer, model), plugins);

  test("is refused before anything runs where the trainer or the model takes text alone", async () => {
    await expect(planned(["text"], ["text", "image"])).rejects.toMatchObject({
      code: "INPUT_UNSUPPORTED",
      message: expect.stringContaining('trainer "sequential" takes text only'),
    });
    await expect(planned(["text", "image"], undefined)).rejects.toMatchObject({
      code: "INPUT_UNSUPPORTED",
      message: expect.stringMatching(/the model .* takes text only/),
    });
  });

  test("is planned where both declare images", async () => {
    const { cells } = await planned(["text", "image"], ["text", "image"]);
    expect(cells).toHaveLength(1);
  });

  test("is readable by people: the image is named by its digest", () => {
    expect(readableInput([{ type: "text", text: "What is on " }, image, { type: "text", text: "?" }])).toBe(
      "What is on [image 0123456789ab]?",
    );
  });
});

describe("what an answer rests on", () => {
  test("is kept with the answer in a run", async () => {
    const out = newDirectory();
    const { run: record } = await run(configure(out, {}, "sequential"));
    const samples = readSamples(readRun(out).files, record.cells[0]!.id);
    const last = samples.filter(({ row, dataset }) => row === 3 && dataset === "test");
    expect(last.every(({ evidence }) => Array.isArray(evidence))).toBe(true);
    expect(last.some(({ evidence }) => evidence!.length > 0)).toBe(true);
    const questions = readFileSync(join(out, "examples.jsonl"), "utf8");
    for (const word of last.flatMap(({ evidence }) => evidence!)) expect(questions).toContain(word);
  });

  test("is refused where it is no list of texts", async () => {
    const registry = await loadRegistry(plugins);
    const { tasks } = await registry.suite("words").load({ options: { tasks: 1 }, quick: true });
    const answer = (evidence: unknown) => ({ text: "A", tokens: 1, finishReason: "end", evidence }) as Generation;
    const asked = (evidence: unknown) => {
      const learner: Pick<Learner, "generate"> = {
        generate: async (requests) => requests.map(() => answer(evidence)),
      };
      return evaluate(learner as Learner, [{ dataset: "test", task: tasks[0]!, examples: tasks[0]!.test }], {
        scorer: registry.scorer,
        taskIdAtTest: false,
        progress: () => undefined,
      });
    };
    await expect(asked("page 3")).rejects.toMatchObject({ code: "PLUGIN_FAILED" });
    await expect(asked([3])).rejects.toMatchObject({ code: "PLUGIN_FAILED" });
    expect((await asked(["page 3"]))[0]!.samples[0]!.evidence).toEqual(["page 3"]);
  });
});
