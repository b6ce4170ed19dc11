import { expect, test } from "vitest";
import { planLines } from "../../../harness/cli/text/plan-lines.js";
import { settledCells } from "../../../harness/run/store/extension.js";
import { readRun } from "../../../harness/run/store/store.js";
import { newDirectory } from "../../files.js";
import { configure, drive, plan, run } from "./support.js";

/** What each fault of the fixture's trainer must be told as; null where it must not hurt. */
const faults: Record<string, [string, RegExp] | null> = {
  none: null,
  prints: null,
  sorts: null,
  throws: ["PLUGIN_FAILED", /^the trainer's learn failed: no such thing$/],
  diverges: ["DIVERGED", /the training loss is NaN/],
  exits: ["CELL_FAILED", /the worker died: worker exited with code: 3/],
  rejects: ["CELL_FAILED", /the worker died: left alone/],
  memory: ["CELL_FAILED", /ran out of memory/],
  steps: ["PLUGIN_FAILED", /learn returned steps: many/],
  few: ["PLUGIN_FAILED", /generate returned 23 answers for 24 questions/],
  many: ["PLUGIN_FAILED", /generate returned 48 answers for 24 questions/],
  text: ["PLUGIN_FAILED", /answer 0 of generate has no text/],
  tokens: ["PLUGIN_FAILED", /answer 0 of generate counts -1 tokens/],
  changes: ["PLUGIN_FAILED", /answering changed what the learner knows/],
  greedy: ["PRIVILEGE_EXCEEDED", /12 past samples were stored, 4 declared/],
  save: ["PLUGIN_FAILED", /^the trainer's save failed: cannot be saved$/],
};

test("each fault is one coded error of its own cell, and the others go on", async () => {
  const directory = newDirectory();
  const config = configure(directory, {}, "sequential");
  for (const fault of Object.keys(faults)) {
    config.trainers.push({ label: fault, name: "faulty", options: { fault } });
  }
  const { code, result, stderr } = await drive(config, { node: ["--max-old-space-size=100"], display: "plain" });
  const expected = Object.entries(faults).filter(([, failure]) => failure !== null);
  expect(code, stderr).toBe(1);
  expect(result).toMatchObject({ status: "failed", done: 4, failed: expected.length, cancelled: 0 });
  const { run: record, cells, matrices } = readRun(directory);
  for (const { id, trainer } of record.cells) {
    const failure = faults[trainer];
    if (failure === null || failure === undefined) {
      expect(matrices[id], trainer).toBeDefined();
    } else {
      expect(cells[id], trainer).toMatchObject({
        status: "failed",
        error: { code: failure[0], message: expect.stringMatching(failure[1]) },
      });
      expect(
        cells[id]!.rows.map(({ row }) => row),
        trainer,
      ).toEqual([0, 1]);
    }
  }
  expect(stderr).toContain("a word from the plug-in");
  expect(JSON.stringify(result)).not.toContain("a word from the plug-in");
});

test("failed cells stay failed until they are to be tried again, and then go on where they failed", async () => {
  const directory = newDirectory();
  const config = configure(directory);
  config.trainers = [{ label: "faulty", name: "faulty", options: { fault: "throws" } }];
  expect(await run(config)).toMatchObject({ status: "failed", failed: 1, stored: false });
  const stored = await run(config);
  expect(stored).toMatchObject({ status: "failed", failed: 1, stored: true });
  expect(stored.events.filter(({ type }) => type !== "notice")).toEqual([]);
  const planned = await plan(config);
  const settled = settledCells(planned);
  expect(settled).toEqual({ finished: [], failed: [planned.record.cells[0]!.id] });
  expect(settledCells(await plan({ ...config, retryFailed: true }))).toEqual({ finished: [], failed: [] });
  const lines = (...given: [finished: number, failed: number]) => {
    const [finished, failed] = given.map((count) => Array(count).fill(planned.record.cells[0]!.id));
    const text = planLines(planned, { color: false, width: 200 }, { finished: finished!, failed: failed! }).join("\n");
    return ["finished", "failed", "left"].map((row) => new RegExp(`^ *${row} +(.*)$`, "m").exec(text)?.[1]);
  };
  expect(lines(0, 0)).toEqual([undefined, undefined, undefined]);
  expect(lines(1, 0)).toEqual(["all of them", undefined, "nothing"]);
  expect(lines(0, 1)).toEqual([undefined, "all of them; --retry-failed tries again", "nothing"]);
  const again = await run({ ...config, retryFailed: true });
  expect(again).toMatchObject({ status: "failed", failed: 1, stored: false });
  expect(again.events).toContainEqual(expect.objectContaining({ type: "cell-started", fromRow: 2 }));
  expect(again.failures[0]!.error.code).toBe("PLUGIN_FAILED");
});
