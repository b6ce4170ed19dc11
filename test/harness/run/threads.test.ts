import { expect, test } from "vitest";
import { closeThreads, leaveThreads, takeThreads } from "../../../harness/run/pool/threads.js";
import { readRun } from "../../../harness/run/store/store.js";
import { newDirectory } from "../../files.js";
import { configure, run } from "./support.js";

test("threads wait for runs with the same variables, however many workers they have", async () => {
  const first = takeThreads(1);
  await leaveThreads(first);
  process.env.BENCH_TEST_HOLD = "none";
  const changed = takeThreads(1);
  delete process.env.BENCH_TEST_HOLD;
  expect(changed).not.toEqual(first);
  const more = takeThreads(2);
  expect(more[0]).toBe(first[0]);
  await leaveThreads(more);
  const one = takeThreads(1);
  expect(more).toContain(one[0]);
  await closeThreads([...changed, ...one, ...takeThreads(1)]);
});

test("a thread that dies while it waits is replaced", async () => {
  const threads = takeThreads(1);
  const { pool } = threads[0]!;
  await leaveThreads(threads);
  const [worker] = pool.threads;
  const exited = new Promise((resolve) => worker!.once("exit", resolve));
  worker!.emit("error", new Error("thrown by a timer of a plug-in, after its cell"));
  await exited;
  expect(takeThreads(1)[0]).toBe(threads[0]);
  expect(pool.threads).toHaveLength(1);
  expect(pool.threads).not.toContain(worker);
  await closeThreads(threads);
});

test("a run in threads that have run another, on other data, gives the bits of new threads", async () => {
  const measured = async (): Promise<unknown> => {
    const directory = newDirectory();
    await run(configure(directory, {}, "replay"));
    const { matrices } = readRun(directory);
    return Object.values(matrices).map(({ rows, probes }) => ({ rows, probes }));
  };
  const fresh = await measured();
  const other = newDirectory();
  await run(configure(other, { suite: { name: "words", options: { tasks: 2 } } }, "sequential"));
  expect(await measured()).toEqual(fresh);
});
