import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { sha256 } from "../../../harness/contract/digest.js";
import { packageRoot } from "../../../harness/contract/files.js";
import type { Learner } from "../../../harness/contract/trainer.js";
import { ContentStore } from "../../../harness/run/carry/content-store.js";
import { DirectoryStore } from "../../../harness/run/carry/directory-store.js";
import type { ObjectStore } from "../../../harness/run/carry/object-store.js";
import { RunStore } from "../../../harness/run/carry/run-store.js";
import { newScratch } from "../../../harness/run/carry/scratch.js";
import { evaluateOnce } from "../../../harness/run/evaluate/evaluation-store.js";
import { readRun } from "../../../harness/run/store/store.js";
import { scorers } from "../../../harness/score/index.js";
import { newDirectory } from "../../files.js";
import { elsewhere as carried, trainers } from "../../launchers/support.js";
import { configure, drive, killAfterRow, matricesOf, run } from "./support.js";

const directory = newDirectory();
let here: Record<string, string>;

/** The same grid, in child processes. */
const elsewhere: typeof carried = (out, changes, during) => carried(out, { on: "processes", ...changes }, during);

const startsOf = (out: string) => readRun(out).events.filter(({ type }) => type === "cell-started");

beforeAll(async () => {
  const out = join(directory, "here");
  await run(configure(out, { seeds: [1, 2] }, ...trainers));
  here = matricesOf(out);
});

/**
 * The command of a worker that writes its process's number into a file first.
 *
 * @param hold index of the task that never ends in the first of them.
 */
const counted = (file: string, hold?: number): string[] => {
  const bench = join(packageRoot, "bin", "bench.js");
  const held = hold === undefined ? "" : `[ -s ${file} ] || export BENCH_TEST_HOLD=${hold}; `;
  return ["sh", "-c", `${held}echo $$ >> ${file}; exec ${process.execPath} ${bench} "$@"`, "sh"];
};

const pidsIn = (file: string): number[] => readFileSync(file, "utf8").trim().split("\n").map(Number);

/** How often each row of each cell was journaled as finished. */
function rowsOf(out: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const event of readRun(out).events) {
    if (event.type !== "row-finished") continue;
    const row = `${event.cell} ${event.row}`;
    counts[row] = (counts[row] ?? 0) + 1;
  }
  return counts;
}

test("cells in child processes give the same bits; the journal says on which machine", async () => {
  const out = join(directory, "elsewhere");
  const outcome = await elsewhere(out, {});
  expect(outcome).toMatchObject({ status: "done", done: 4 });
  expect(matricesOf(out)).toEqual(here);
  const starts = startsOf(out);
  expect(starts).toHaveLength(4);
  for (const start of starts) expect(start).toMatchObject({ machine: { node: process.version } });
  expect(readdirSync(join(out, "store", "runs"))).toEqual([]);
});

test("a worker that is killed, and a store that refuses for a while, change no bit, and no row is computed twice", async () => {
  const out = join(directory, "interrupted");
  const store = join(out, "store");
  const pids = join(directory, "interrupted.pids");
  let refused = false;
  const outcome = await elsewhere(out, { workers: 1, remote: { command: counted(pids, 2) } }, (event) => {
    if (refused || event.type !== "row-finished" || event.row !== 2) return; // an earlier checkpoint is gone
    refused = true;
    process.kill(pidsIn(pids)[0]!, "SIGKILL");
    renameSync(store, `${store}.aside`);
    setTimeout(() => renameSync(`${store}.aside`, store), 1500);
  });
  expect(outcome.failures).toEqual([]);
  expect(outcome).toMatchObject({ status: "done", done: 4 });
  expect(outcome.events).toContainEqual({ type: "notice", text: expect.stringMatching(/store .* trying again/) });
  expect(pidsIn(pids).length).toBeGreaterThan(1);
  expect(matricesOf(out)).toEqual(here);
  expect(new Set(Object.values(rowsOf(out)))).toEqual(new Set([1]));
});

test.each([[[1, 2]], [[1, 2, 3]]])(
  "a coordinator that was killed goes on where its cells were, with seeds %j",
  async (seeds) => {
    const out = join(directory, `killed-${seeds.length}`);
    const config = configure(out, { on: "processes", seeds: [1, 2] }, ...trainers);
    const killed = await drive(config, { display: "json", hold: 1, during: killAfterRow(1) });
    expect(killed.code).toBe(137);
    const before = rowsOf(out);
    expect(Object.keys(before).length).toBeGreaterThan(1);
    const again = await drive({ ...config, seeds, workers: 1 });
    expect(again.result).toMatchObject({ status: "done", done: 2 * seeds.length });
    expect(matricesOf(out)).toMatchObject(here);
    expect(new Set(Object.values(rowsOf(out)))).toEqual(new Set([1]));
    expect(startsOf(out)).toContainEqual(expect.objectContaining({ fromRow: 2 }));
  },
);

test("what is in the store is not computed again for another run directory of the same run", async () => {
  const remote = { store: join(directory, "shared"), command: counted(join(directory, "shared.pids")) };
  const failing = { label: "faulty", name: "faulty", options: { fault: "throws" } };
  const config = { workers: 1, remote, trainers: [...configure("", {}, "sequential").trainers, failing] };
  const first = await elsewhere(join(directory, "first"), config);
  expect(first).toMatchObject({ status: "failed", done: 2, failed: 2 });
  const [runHere] = readdirSync(join(remote.store, "runs"));
  expect(readdirSync(join(remote.store, "runs", runHere!, "evaluations"))).toHaveLength(2); // sequential and faulty
  const workers = pidsIn(join(directory, "shared.pids")).length;
  const second = await elsewhere(join(directory, "second"), config);
  expect(second).toMatchObject({ status: "failed", done: 2, failed: 2 });
  expect(second.failures[0]!.error.message).toContain("no such thing");
  expect(pidsIn(join(directory, "shared.pids"))).toHaveLength(workers);
  const retried = await elsewhere(join(directory, "second"), { ...config, retryFailed: true });
  expect(retried).toMatchObject({ status: "failed", done: 2, failed: 2 });
  expect(pidsIn(join(directory, "shared.pids")).length).toBeGreaterThan(workers);
});

test("a cell that takes too long is given up", async () => {
  const out = join(directory, "late");
  const slow = [{ label: "slow", name: "sequential", options: { pause: 1000 } }];
  const outcome = await elsewhere(out, { trainers: slow, seeds: [1], remote: { timeout: 3 } });
  expect(outcome.failures[0]!.error).toMatchObject({
    code: "CELL_FAILED",
    message: "it took more than 3 seconds",
  });
});

test("a content is compared with its digest before anyone sees it", async () => {
  const place = join(directory, "contents");
  const objects = new DirectoryStore(place);
  await objects.create();
  const contents = new ContentStore(objects, "contents");
  const digest = await contents.put("as it was");
  const file = join(directory, "fetched");
  await contents.getFile(digest, file);
  expect(readFileSync(file, "utf8")).toBe("as it was");
  writeFileSync(join(place, "contents", digest.slice(0, 2), digest.slice(2)), "as it is");
  await expect(contents.get(digest)).rejects.toMatchObject({ code: "DATA_INVALID" });
  await expect(contents.getFile(digest, join(directory, "changed"))).rejects.toMatchObject({ code: "DATA_INVALID" });
  expect(existsSync(join(directory, "changed"))).toBe(false);
  await expect(contents.getTree({ "../escaped": digest }, directory)).rejects.toMatchObject({ code: "DATA_INVALID" });
});

/** A store in a new directory, with how often each of its operations was called. */
async function countedStore(name: string): Promise<{ store: ObjectStore; calls: Record<string, number> }> {
  const calls: Record<string, number> = {};
  const own = new DirectoryStore(join(directory, name));
  await own.create();
  const store = new Proxy(own, {
    get: (target, key: keyof ObjectStore) => {
      const member = target[key];
      if (typeof member !== "function") return member;
      return (...given: never[]) => {
        calls[key] = (calls[key] ?? 0) + 1;
        return (member as (...given: never[]) => unknown).apply(target, given);
      };
    },
  });
  return { store, calls };
}

/** Evaluates learners of one question as the first rows of cells, each on a machine of its own. */
async function evaluateFirstRows(store: ObjectStore, name: string, learners: readonly Learner[]): Promise<string[]> {
  const task = { id: "nap", title: "Nap", language: "en", scorer: { name: "choice" }, maxNewTokens: 1 };
  const examples = [{ id: "1", input: [{ type: "text" as const, text: "Sleep?" }], references: ["yes"] }];
  const digests = [];
  for (const [cell, learner] of learners.entries()) {
    const machine = join(directory, name, String(cell));
    mkdirSync(join(machine, "evaluations"), { recursive: true });
    const { digest } = await evaluateOnce(learner, {
      ...{ directory: machine, suite: "nap", onThread: true, state: { cell: String(cell), row: 0 } },
      sets: [{ dataset: "test", task, examples }],
      damaged: () => undefined,
      shared: new RunStore(store, "run").evaluations(machine),
      context: {
        scorer: () => scorers.find((scorer) => scorer.name === "choice")!,
        taskIdAtTest: false,
        progress: () => {},
      },
    });
    digests.push(digest);
  }
  return digests;
}

/** A learner that always answers "yes". */
function napping(digest: string | undefined): Learner {
  const cost = {
    trainedTokens: 0,
    generatedTokens: 0,
    flops: 0,
    tensorBytes: 0,
    trainableParameters: 0,
    addedParameters: 0,
  };
  const learner: Pick<Learner, "generate" | "cost" | "answerDigest"> = {
    generate: async (requests) => requests.map(() => ({ text: "yes", tokens: 1, finishReason: "end" })),
    cost: async () => cost,
    ...(digest !== undefined && { answerDigest: async () => digest }),
  };
  return learner as Learner;
}

test("an evaluation is looked up by its key: no cell pays for those of others, nor shares what has no key", async () => {
  const cells = 12;
  const all = <T>(value: (cell: number) => T): T[] => Array.from({ length: cells }, (_, cell) => value(cell));

  const equal = await countedStore("equal");
  const made = await evaluateFirstRows(
    equal.store,
    "equal-cells",
    all(() => napping("base")),
  );
  expect(new Set(made).size).toBe(1);
  expect(equal.calls).toEqual({ download: cells, upload: 1 });

  const distinct = await countedStore("distinct");
  await evaluateFirstRows(
    distinct.store,
    "distinct-cells",
    all((cell) => napping(`base ${cell}`)),
  );
  expect(distinct.calls).toEqual({ download: cells, upload: cells });

  const without = await countedStore("without");
  await evaluateFirstRows(
    without.store,
    "cells-without",
    all(() => napping(undefined)),
  );
  expect(without.calls).toEqual({});
});

test("a damaged evaluation of another machine is made again, and replaced", async () => {
  const { store } = await countedStore("damaged");
  await evaluateFirstRows(store, "damaged-first", [napping("base")]);
  const [name] = (await store.list("runs/run/evaluations")).keys();
  await store.write(`runs/run/evaluations/${name}`, "{}");
  const [again] = await evaluateFirstRows(store, "damaged-then", [napping("base")]);
  expect(sha256((await store.read(`runs/run/evaluations/${name}`))!)).toBe(again);
});

test("a tree comes back with all its files; what is not wanted stays behind", async () => {
  const from = join(directory, "tree");
  for (const name of ["weights", ".state", ".git/config", "deep/.hidden"]) {
    mkdirSync(join(from, name, ".."), { recursive: true });
    writeFileSync(join(from, name), `of ${name}`);
  }
  const objects = new DirectoryStore(join(directory, "trees"));
  await objects.create();
  const contents = new ContentStore(objects, "contents");
  const tree = await contents.putTree(from);
  expect(Object.keys(tree)).toEqual([".git/config", ".state", "deep/.hidden", "weights"]);
  await contents.getTree(tree, join(directory, "tree-back"));
  expect(await contents.putTree(join(directory, "tree-back"))).toEqual(tree);
  expect(Object.keys(await contents.putTree(from, (path) => !path.startsWith(".") && path !== "deep"))).toEqual([
    "weights",
  ]);
});

test("a worker removes the directories of killed ones, and no others", () => {
  const parent = join(directory, "temporary");
  mkdirSync(parent);
  const killed = newScratch(parent);
  const lock = join(killed, "lock");
  writeFileSync(lock, JSON.stringify({ ...JSON.parse(readFileSync(lock, "utf8")), started: "some other boot:1" }));
  mkdirSync(join(parent, "bench-worker-unlocked"));
  symlinkSync(killed, join(parent, "bench-worker-link"));
  const next = newScratch(parent);
  expect(readdirSync(parent).sort()).toEqual(["bench-worker-link", "bench-worker-unlocked", basename(next)].sort());
});

test("a directory that is gone is no empty store", async () => {
  const objects = new DirectoryStore(join(directory, "unmounted"));
  await expect(objects.read("runs/a")).rejects.toThrow("ENOENT");
  await expect(objects.write("runs/a", "b")).rejects.toThrow("ENOENT");
});
