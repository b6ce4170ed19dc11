import { expect, test } from "vitest";
import type { RunEvent } from "../../../harness/contract/event.js";
import { driftNotice } from "../../../harness/run/cell/learn-stage.js";
import { executeRun } from "../../../harness/run/execute.js";
import { readRun } from "../../../harness/run/store/store.js";
import { newDirectory } from "../../files.js";
import { configure, plan } from "./support.js";

test("a warning names the task and what is unlike, and neither trainer nor seed", () => {
  expect(driftNotice("policy", ["lengths", "embeddings"])).toBe(
    "policy: its inputs are unlike anything learned before it (lengths, embeddings): expect interference",
  );
});

test("a warning of several cells is shown once a run, and stored with each", async () => {
  const directory = newDirectory();
  const shown: RunEvent[] = [];
  const planned = await plan(configure(directory, { seeds: [1, 2] }, "alarmed"));
  await executeRun(planned, { display: { show: (event) => void shown.push(event), close: () => undefined } });
  const { run, costs } = readRun(directory);
  const told = shown.flatMap((event) =>
    event.type === "notice" && event.text.includes("expect interference") ? [event.text] : [],
  );
  const warned = run.orders.flatMap(({ tasks }) => tasks.slice(1));
  expect(told.sort()).toEqual([...new Set(warned)].sort().map((task) => driftNotice(task, ["lengths", "losses"])));
  expect(run.cells).toHaveLength(2 * run.orders.length);
  for (const { id } of run.cells)
    expect(costs[id]!.learning.map(({ drift }) => drift?.warnings ?? [])).toEqual([
      [],
      ["lengths", "losses"],
      ["lengths", "losses"],
    ]);
});
