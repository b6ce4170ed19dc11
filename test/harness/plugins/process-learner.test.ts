import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { BenchError } from "../../../harness/contract/errors.js";
import { unconfined } from "../../../harness/contract/isolation.js";
import type {
  BufferItem,
  LearnContext,
  LearnerContext,
  TrainerDefinition,
  TrainingView,
} from "../../../harness/contract/trainer.js";
import { describeProgram, hostProgram } from "../../../harness/plugins/process-trainer.js";
import { fixture } from "../cli/support.js";

const context = (options: Record<string, unknown> = {}): LearnerContext => ({
  model: "/nowhere",
  device: "cpu",
  threads: 1,
  seed: 1,
  options,
  tasks: [],
  quick: false,
});

const task = (id: string) => ({ id, title: id, language: "en", scorer: { name: "exact" }, maxNewTokens: 4 });

const view = (id: string, answers: string[]): TrainingView => ({
  index: 0,
  tasks: [
    {
      task: task(id),
      train: answers.map((answer, index) => ({
        id: `${id}-${index}`,
        input: [{ type: "text", text: `question ${index}` }],
        references: [answer],
      })),
      validation: [],
    },
  ],
  pastValidation: [],
  generalItems: [],
});

function learning(capacity: number, cancelled = () => false) {
  let items: readonly BufferItem[] = [];
  const steps: number[] = [];
  const learnContext: LearnContext = {
    buffer: {
      capacity,
      items: () => items,
      set: (next) => {
        if (next.length > capacity) throw new BenchError("PRIVILEGE_EXCEEDED", "too many");
        items = next;
      },
    },
    cancelled,
    progress: ({ step }) => steps.push(step),
  };
  return { learnContext, steps, buffered: () => items.map(({ example }) => example.id) };
}

const request = (id: string) => ({ id, input: [{ type: "text" as const, text: id }] });
const decoding = { maxNewTokens: 4 };

const trainers = new Map<string, Promise<TrainerDefinition[]>>();

async function trainerOf(file: string): Promise<TrainerDefinition> {
  if (!trainers.has(file)) trainers.set(file, describeProgram(hostProgram([fixture(file)]), unconfined));
  return (await trainers.get(file)!)[0]!;
}

describe("a third-party trainer in a child process", () => {
  it("learns, answers, keeps past data only in the metered buffer, and comes back from what it saved", async () => {
    const trainer = await trainerOf("majority.mjs");
    const first = await trainer.create(context());
    const { learnContext, steps, buffered } = learning(3);
    const report = await first.learn(view("a", ["B", "A", "B", "B"]), learnContext);
    expect(report).toMatchObject({ steps: 4, finalLoss: 0.5 });
    expect(steps).toEqual([1, 2, 3, 4]);
    expect(buffered()).toEqual(["a-1", "a-2", "a-3"]);
    expect(await first.generate([request("x"), request("y")], decoding)).toEqual([
      { text: "B", tokens: 1, finishReason: "end" },
      { text: "B", tokens: 1, finishReason: "end" },
    ]);
    expect(await first.cost()).toMatchObject({ generatedTokens: 2, flops: null });
    expect(await first.score([{ ...request("x"), continuation: "B" }])).toEqual([Math.log(4 / 5)]);
    const digest = await first.answerDigest!();
    const directory = mkdtempSync(join(tmpdir(), "bench-learner-"));
    await first.save(directory);
    await first.release();

    const second = await trainer.create(context());
    expect((await second.generate([request("x")], decoding))[0]!.text).toBe("");
    await second.restore(directory);
    expect(await second.answerDigest!()).toBe(digest);
    const again = await second.learn(view("b", ["A"]), learning(3).learnContext);
    expect(again.notes.process, "a process serves one learner").not.toBe(report.notes.process);
    await second.release();
  });

  it.each(["1", "2"])(
    "takes the cost from the answer, or asks a learner of version 1 for it: version %s",
    async (version) => {
      const [trainer] = await describeProgram(
        { words: [process.execPath, fixture("speaks.mjs"), version] },
        unconfined,
      );
      const learner = await trainer!.create(context());
      expect(await learner.cost()).toMatchObject({ generatedTokens: 0, trainedTokens: null });
      const answer = { text: "x", tokens: 1, finishReason: "end" };
      expect(await learner.generate([request("x"), request("x")], decoding)).toEqual([answer, answer]);
      expect(await learner.cost()).toMatchObject({ generatedTokens: 2, flops: null });
      expect(await learner.score([{ ...request("x"), continuation: "B" }])).toEqual([-1]);
      await learner.release();
    },
  );

  it("gives another cell another process", async () => {
    const trainer = await trainerOf("majority.mjs");
    const pids = new Set<unknown>();
    for (const seed of [1, 2]) {
      const learner = await trainer.create({ ...context(), seed });
      pids.add((await learner.learn(view("a", ["A"]), learning(1).learnContext)).notes.process);
      await learner.release();
    }
    expect(pids.size).toBe(2);
  });

  it("stops learning soon after it was cancelled, even when the plug-in never looks", async () => {
    const trainer = await trainerOf("rogue.mjs");
    const learner = await trainer.create(context({ method: "learn", how: "wait" }));
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const outcome = learner.learn(view("a", ["A"]), learning(0, () => true).learnContext);
    const advance = setInterval(() => vi.advanceTimersByTime(5000), 300);
    onTestFinished(() => clearInterval(advance));
    await expect(outcome).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("a plug-in that misbehaves", () => {
  /** @param timeout seconds of silence that the misbehaving call may take; what comes before it may take its time. */
  const misbehavior = async (method: string, how: string, timeout?: string): Promise<BenchError> => {
    const patience = (call: string) => call === method && timeout && vi.stubEnv("BENCH_PLUGIN_TIMEOUT", timeout);
    onTestFinished(() => void vi.unstubAllEnvs());
    const trainer = await trainerOf("rogue.mjs");
    const directory = mkdtempSync(join(tmpdir(), "bench-rogue-"));
    try {
      const learner = await trainer.create(context({ method, how }));
      patience("learn");
      await learner.learn(view("a", ["A"]), learning(3).learnContext);
      patience("generate");
      await learner.generate([request("x")], decoding);
      await learner.score([{ ...request("x"), continuation: "y" }]);
      await learner.save(directory);
      await learner.restore(directory);
      await learner.release();
    } catch (error) {
      return error as BenchError;
    }
    throw new Error(`${method} went well in spite of "${how}"`);
  };

  it.each(["create", "learn", "generate", "score", "save", "restore", "release"])("throws in %s", async (method) => {
    const error = await misbehavior(method, "throw");
    expect(error).toMatchObject({ name: "BenchError", code: "PLUGIN_FAILED" });
    expect(error.message).toBe(
      'trainer "rogue" (rogue.mjs) failed in "%s": cannot read the moon'.replace("%s", method),
    );
    expect(error.stack).toContain("rogue.mjs");
  });

  it("exits", async () => {
    const error = await misbehavior("generate", "exit");
    expect(error.code).toBe("PLUGIN_FAILED");
    expect(error.message).toMatchInlineSnapshot(`
      "trainer "rogue" (rogue.mjs) exited with code 7 during "generate"
      its standard error ends with:
        out of patience"
    `);
  });

  it("hangs", async () => {
    const error = await misbehavior("learn", "wait", "1");
    expect(error.code).toBe("PLUGIN_FAILED");
    expect(error.message).toMatch(/^trainer "rogue" \(rogue.mjs\) was silent for 1 s during "learn"/);
    expect(error.fix).toContain("BENCH_PLUGIN_TIMEOUT");
  });

  it("is killed when it hangs, whatever it does", async () => {
    const { message } = await misbehavior("generate", "spin", "1");
    const pid = Number(/process (\d+)/.exec(message)![1]);
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrowError(/ESRCH/), { timeout: 600_000 });
  });

  it("answers garbage, or not every request", async () => {
    expect((await misbehavior("generate", "garbage")).message).toMatchInlineSnapshot(
      `"trainer "rogue" (rogue.mjs) failed in "generate": its answer is wrong: "answers" is the string "seventeen""`,
    );
    expect((await misbehavior("score", "short")).message).toMatchInlineSnapshot(
      `"0 answers came to 1 requests of "score""`,
    );
  });

  it("keeps more past data than it declared", async () => {
    const error = await misbehavior("learn", "hoard");
    expect(error.code).toBe("PRIVILEGE_EXCEEDED");
    expect(error.message).toContain("99 samples for a buffer of 3");
  });
});

describe("a command that breaks the protocol", () => {
  it.each(["print", "binary", "wrong-id", "wrong-version", "wrong-key", "exit"])("%s", async (how) => {
    const error: BenchError = await describeProgram(
      { words: [process.execPath, fixture("rogue-command.mjs"), how] },
      unconfined,
    ).then(
      () => expect.fail("it was accepted"),
      (thrown) => thrown,
    );
    expect(error.code).toBe("PLUGIN_INVALID");
    expect({ message: error.message, fix: error.fix }).toMatchSnapshot();
  });

  it("is not there", async () => {
    const error: BenchError = await describeProgram({ words: ["no-such-program"] }, unconfined).catch(
      (thrown) => thrown,
    );
    expect(error.code).toBe("PLUGIN_INVALID");
    expect(error.message).toMatchInlineSnapshot(
      `"the plug-in (no-such-program) cannot be started: spawn no-such-program ENOENT"`,
    );
    expect(error.fix).toMatchInlineSnapshot(`"Check that "no-such-program" is installed and on the PATH."`);
  });
});
