import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { RunConfig } from "../../harness/contract/config.js";
import { readRun } from "../../harness/run/store/store.js";
import { ray } from "../../launchers/ray.js";
import { endingsIn } from "../../launchers/slurm.js";
import { newDirectory } from "../files.js";
import { configure, drive, killAfterRow, matricesOf, run } from "../harness/run/support.js";
import { elsewhere, trainers } from "./support.js";

const directory = newDirectory();
let here: Record<string, string>;

beforeAll(async () => {
  const out = join(directory, "here");
  await run(configure(out, { seeds: [1, 2] }, ...trainers));
  here = matricesOf(out);
});

/** Clusters that tests may use. */
const clusters: { name: string; available: boolean; missing: string; config: Partial<RunConfig> }[] = [
  {
    name: "Ray",
    available: process.env.BENCH_RAY !== undefined,
    missing:
      "BENCH_RAY is the address of no cluster, such as http://127.0.0.1:8265 (BENCH_RAY_PYTHON: Python with ray)",
    config: {
      on: process.env.BENCH_RAY,
      remote: { options: { python: process.env.BENCH_RAY_PYTHON ?? "python3" } },
    },
  },
  {
    name: "Slurm",
    available: spawnSync("sinfo", ["--noheader"]).status === 0,
    missing: "`sinfo` finds no cluster",
    config: { on: "slurm", remote: { options: { time: "00:10:00" } } },
  },
];

for (const { name, available, missing, config } of clusters) {
  if (!available) console.log(`skipped: tests with ${name}, since ${missing}`);
  describe.skipIf(!available)(name, () => {
    test("gives the same bits; a coordinator that was killed finds its job again", async () => {
      const out = join(directory, name);
      const given = { ...configure(out, { seeds: [1, 2] }, ...trainers), ...config };
      const killed = await drive(given, { display: "json", during: killAfterRow(0) });
      expect(killed.code).toBe(137);
      const again = await elsewhere(out, config);
      expect(again).toMatchObject({ status: "done", done: 4 });
      expect(matricesOf(out)).toEqual(here);
      const { events } = readRun(out);
      expect(events.filter(({ type }) => type === "job-submitted")).toHaveLength(1);
      const rows = events.flatMap((event) => (event.type === "row-finished" ? [`${event.cell} ${event.row}`] : []));
      expect(new Set(rows).size).toBe(rows.length);
    });

    test("ends its job when the run is cancelled, and goes on with what was finished", async () => {
      const out = join(directory, `${name}-cancelled`);
      const slow = { ...config, trainers: [{ label: "slow", name: "sequential", options: { pause: 20 } }] };
      const cancelled = await elsewhere(out, slow, (event, stop) => {
        if (event.type === "row-finished") stop();
      });
      expect(cancelled).toMatchObject({ status: "cancelled", failed: 0 });
      expect(await elsewhere(out, slow)).toMatchObject({ status: "done", done: 2 });
    });

    test("gives up a cell that takes too long", async () => {
      const out = join(directory, `${name}-late`);
      const slow = [{ label: "slow", name: "sequential", options: { pause: 10_000 } }];
      const remote = { ...config.remote, timeout: 8 };
      const outcome = await elsewhere(out, { ...config, trainers: slow, seeds: [1], remote });
      expect(outcome).toMatchObject({ status: "failed", failed: 1 });
      expect(outcome.failures[0]!.error.code).toBe("CELL_FAILED");
    });
  });
}

/** What sacct 22.05.8 printed of arrays: one that failed, one that took too long, one killed by a signal, and two that wait. */
const accounts = `
bench-x.0|1_0|FAILED|3:0
bench-x.0|1_1|TIMEOUT|0:0
bench-x.0|1_2|COMPLETED|0:0
bench-x.0|1_3|FAILED|0:9
bench-x.1001|2_0|CANCELLED by 0|0:0
bench-x.1001|2_1|RUNNING|0:0
bench-x.1001|2_[2-3%2]|PENDING|0:0
bench-y.0|3_4|FAILED|1:0
`;

test("how elements of a job ended is read from accounts, by their place in the job", () => {
  const states = Array.from(endingsIn("bench-x", accounts), ([index, { state, exit }]) => [index, state, exit]);
  expect(states).toEqual([
    [0, "FAILED", "3:0"],
    [1, "TIMEOUT", "0:0"],
    [2, "COMPLETED", "0:0"],
    [3, "FAILED", "0:9"],
    [1001, "CANCELLED", "0:0"],
  ]);
});

test("how a Ray job ended is said by the last lines of its message, and which cells it gave up by its log", async () => {
  const message = `${"Runtime env is setting up. ".repeat(20)}\nModuleNotFoundError: No module named 'ray'`;
  const logs = 'said otherwise\n{"lost": "abc", "reason": "it took more than 8 seconds"}\n{"lost": "de';
  const answers: Record<string, object> = {
    "/api/version": {},
    "/api/jobs/job": { status: "FAILED", message },
    "/api/jobs/job/logs": { logs },
  };
  const server = createServer((request, response) => response.end(JSON.stringify(answers[request.url!])));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const launcher = await ray.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { python: "python" });
  try {
    expect(await launcher.state("job", [])).toEqual({
      alive: false,
      detail: "ModuleNotFoundError: No module named 'ray'",
      lost: new Map([["abc", "it took more than 8 seconds"]]),
    });
  } finally {
    await launcher.close();
    await new Promise((resolve) => server.close(resolve));
  }
});

test.each([
  ["ray://user@host", "no address"],
  ["ray://host:10001", "no address"],
  ["http://host:8265/path", "no address"],
])("%s is no cluster", async (on, message) => {
  await expect(elsewhere(join(directory, "no"), { on })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(message),
  });
});

test("a cluster that does not answer is an error before anything is written", async () => {
  const out = join(directory, "absent");
  await expect(elsewhere(out, { on: "http://127.0.0.1:9" })).rejects.toMatchObject({ code: "LAUNCHER_FAILED" });
  expect(existsSync(out)).toBe(false);
});
