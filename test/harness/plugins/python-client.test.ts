import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkOptions } from "../../../harness/config/index.js";
import { BenchError } from "../../../harness/contract/errors.js";
import { packageRoot } from "../../../harness/contract/files.js";
import type { Example } from "../../../harness/contract/suite.js";
import type { BufferItem, LearnContext, Learner, TrainingView } from "../../../harness/contract/trainer.js";
import { loadRegistry } from "../../../harness/plugins.js";

const python = spawnSync("python3", ["--version"]).status === 0;
if (!python) console.log("skipped: the Python client needs python3, which is not here");

const command = `command:python3 "${join(packageRoot, "harness", "plugins", "client.py")}"`;
const words = ["river", "lamp", "stone", "bread", "cloud", "paper", "glass", "night", "wheel", "grain"];

function taskOf(id: string, answerOf: (word: string) => string) {
  const train: Example[] = words.map((word, index) => ({
    id: `${id}-${index}`,
    input: [{ type: "text", text: `${id}: what goes with the ${word} 漢字?` }],
    references: [answerOf(word)],
  }));
  const task = { id, title: id, language: "en", scorer: { name: "exact" }, maxNewTokens: 8 };
  const view: TrainingView = {
    index: 0,
    tasks: [{ task, train, validation: [] }],
    pastValidation: [],
    generalItems: [],
  };
  return { view, train };
}

const colors = taskOf("colour", (word) => (word < "n" ? "red" : "blue 蓝"));
const sizes = taskOf("size", (word) => (word.length > 4 ? "large" : "small"));

async function harness(bufferSize: number) {
  const trainer = (await loadRegistry([command])).trainer("memorizer");
  const options = checkOptions(trainer.options, { buffer_size: bufferSize }, "memorizer");
  const { pastData } = trainer.needs(options);
  let items: readonly BufferItem[] = [];
  const context: LearnContext = {
    buffer: {
      capacity: (pastData as { buffer: number }).buffer,
      items: () => items,
      set: (next) => {
        expect(next.length).toBeLessThanOrEqual(bufferSize);
        items = next;
      },
    },
    cancelled: () => false,
    progress: () => {},
  };
  const create = () =>
    trainer.create({ model: "/nowhere", device: "cpu", threads: 1, seed: 7, options, tasks: [], quick: false });
  return { create, context, buffered: () => items };
}

async function accuracy(learner: Learner, examples: Example[]): Promise<number> {
  const answers = await learner.generate(examples, { maxNewTokens: 8 });
  return answers.filter(({ text }, index) => text === examples[index]!.references[0]).length / examples.length;
}

describe.skipIf(!python)("the Python client", () => {
  it("learns two tasks, keeps both in a buffer large enough, and comes back from what it saved", async () => {
    const { create, context, buffered } = await harness(20);
    const first = await create();
    expect(await accuracy(first, colors.train)).toBe(0);
    await first.learn(colors.view, context);
    expect(await accuracy(first, colors.train)).toBe(1);
    const directory = mkdtempSync(join(tmpdir(), "bench-python-"));
    await first.save(directory);
    await first.release();

    const second = await create();
    await second.restore(directory);
    await second.learn(sizes.view, context);
    expect(await accuracy(second, colors.train)).toBe(1);
    expect(await accuracy(second, sizes.train)).toBe(1);
    expect(buffered()).toHaveLength(20);
    const [right, wrong] = await second.score([
      { id: "a", input: colors.train[0]!.input, continuation: " blue 蓝" },
      { id: "b", input: colors.train[0]!.input, continuation: " nothing" },
    ]);
    expect(right).toBeGreaterThan(wrong!);
    expect(right).toBeLessThanOrEqual(0);
    expect(await second.cost()).toMatchObject({ flops: null, trainableParameters: 0 });
    expect((await second.cost()).trainedTokens).toBeGreaterThan(0);
    await second.release();
  });

  it("forgets when the buffer is small, and tells the harness what went wrong", async () => {
    const { create, context, buffered } = await harness(10);
    const learner = await create();
    await learner.learn(colors.view, context);
    await learner.learn({ ...sizes.view, index: 1 }, context);
    expect(
      buffered()
        .map(({ taskId }) => taskId)
        .toSorted(),
    ).toEqual([...Array(5).fill("colour"), ...Array(5).fill("size")]);
    const error = await learner.restore(mkdtempSync(join(tmpdir(), "bench-nothing-"))).catch((thrown) => thrown);
    expect(error.code).toBe("PLUGIN_FAILED");
    expect(error.message).toMatch(/^trainer "memorizer" \(python3 client.py\) failed in "restore": FileNotFoundError/);
    await learner.release();
  });

  it("answers while it learns where it is looked at, and learns the same", async () => {
    const { create, context } = await harness(20);
    const learner = await create();
    const looks: number[] = [];
    const observe = async (step: number) => {
      expect(await accuracy(learner, colors.train)).toBe(0); // it remembers at the end of the task
      looks.push(step);
    };
    await learner.learn(colors.view, { ...context, observe });
    expect(looks).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await accuracy(learner, colors.train)).toBe(1);
    const failed = learner.learn(sizes.view, {
      ...context,
      observe: () => Promise.reject(new BenchError("CANCELLED", "stopped while looking")),
    });
    await expect(failed).rejects.toMatchObject({ code: "CANCELLED" });
    await learner.release();
  });

  it("stops when it is cancelled", async () => {
    const { create, context } = await harness(10);
    const learner = await create();
    let asked = 0;
    const many = Array.from({ length: 20_000 }, (_, index) => colors.train[index % 10]!);
    const view = { ...colors.view, tasks: [{ ...colors.view.tasks[0]!, train: many }] };
    const outcome = learner.learn(view, { ...context, cancelled: () => ++asked > 0 });
    await expect(outcome).rejects.toMatchObject({ code: "CANCELLED" });
    await learner.release();
  });
});
