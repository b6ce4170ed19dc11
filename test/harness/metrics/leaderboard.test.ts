import { expect, test } from "vitest";
import { leaderboardLines } from "../../../harness/cli/text/leaderboard-table.js";
import { buildLeaderboard } from "../../../harness/metrics/index.js";
import { storedRun } from "./stored-run.js";

const forgetful = (order: number, seed: number) => [
  [0, 0],
  [0.8, 0.1],
  [0.3 + 0.02 * order + 0.01 * seed, 0.8],
];
const steady = (order: number, seed: number) => [
  [0, 0],
  [0.8, 0.1],
  [0.7 + 0.02 * order - 0.01 * seed, 0.8],
];
const together = () => [
  [0, 0],
  [null, null],
  [0.9, 0.9],
];

test("three orders and two seeds: intervals over orders, ranks by pairs, the joint row as the bar", () => {
  const board = buildLeaderboard(
    storedRun(
      {
        sequential: { schedule: "sequence", rows: forgetful },
        replay: { schedule: "sequence", rows: steady },
        joint: { schedule: "joint", rows: together },
      },
      3,
      [1, 2],
    ),
  );
  expect(board.leaderboard.map(({ trainer }) => trainer)).toEqual(["joint", "replay", "sequential"]);
  expect(board.leaderboard.map(({ rank }) => rank)).toEqual([
    { best: 1, worst: 1 },
    { best: 2, worst: 2 },
    { best: 3, worst: 3 },
  ]);
  const [joint, replay, sequential] = board.leaderboard;
  expect(sequential!.metrics.op!.mean).toBeCloseTo((0.335 + 0.8) / 2, 12);
  expect(sequential!.metrics.op!.n).toBe(3);
  expect(sequential!.metrics.op!.high! - sequential!.metrics.op!.mean!).toBeCloseTo(
    (4.30265273 * 0.01) / Math.sqrt(3),
    7,
  );
  expect(sequential!.metrics.op!.itemError).toBeCloseTo(Math.sqrt((0.335 * 0.665 + 0.16) / 100) / 2, 12);
  expect(sequential!.metrics.bwt!.mean).toBeCloseTo(0.335 - 0.8, 12);
  expect(replay!.metrics.intransigenceAllTasks!.mean).toBeCloseTo(0.1, 12);
  expect(joint!.metrics.bwt).toMatchObject({ mean: null, low: null, high: null });
  expect(joint!.metrics.bwt!.reason).toContain("learned at once");
  expect(replay!.metrics.orderSensitivity!.mean).toBeCloseTo(0.02, 12);
  expect(replay!.metrics.orderSensitivityMax!.mean).toBeCloseTo(0.04, 12);
  expect(replay!.cost).toMatchObject({ wallSeconds: 11.5, cpuSeconds: null, trainedTokens: 1000, latencyP99Ms: 3 });
});

test("one order: means, no interval, no rank, and the reason", () => {
  const board = buildLeaderboard(
    storedRun({ a: { schedule: "sequence", rows: forgetful }, b: { schedule: "sequence", rows: steady } }, 1, [1]),
  );
  for (const row of board.leaderboard) {
    expect(row.metrics.op).toMatchObject({
      low: null,
      high: null,
      n: 1,
      reason: expect.stringContaining("--orders 3"),
    });
    expect(row.rank).toBeNull();
    expect(row.rankReason).toContain("--orders 3");
    expect(row.metrics.intransigence!.reason).toContain("joint");
    expect(row.metrics.orderSensitivity!.mean).toBeNull();
  }
});

test("an incomplete grid is shown unranked, the others are ranked without it", () => {
  const board = buildLeaderboard(
    storedRun(
      {
        a: { schedule: "sequence", rows: forgetful },
        b: { schedule: "sequence", rows: steady },
        torn: { schedule: "sequence", rows: (order, seed) => (order === 2 ? undefined : steady(order, seed)) },
        dead: { schedule: "sequence", rows: () => undefined },
      },
      3,
      [1],
    ),
  );
  const row = (name: string) => board.leaderboard.find(({ trainer }) => trainer === name)!;
  expect(row("torn")).toMatchObject({
    rank: null,
    rankReason: "2 of 3 runs have a final row",
    cells: { done: 2, planned: 3 },
  });
  expect(row("torn").metrics.op!.n).toBe(2);
  expect(row("dead").metrics.op).toMatchObject({ mean: null, reason: "no run has finished" });
  expect(row("dead").cost.wallSeconds).toBeNull();
  expect(row("b").rank).toEqual({ best: 1, worst: 1 });
  expect(row("a").rank).toEqual({ best: 2, worst: 2 });
  expect(board.leaderboard.at(-1)!.trainer).toBe("dead");
});

test("one order with several seeds: the deviation over the seeds in place of an interval, for what can vary", () => {
  const values = [0.5, 0.6, 0.7];
  const source = storedRun(
    {
      sequential: {
        schedule: "sequence",
        rows: (_, seed) => [
          [0, 0],
          [1, 0],
          [values[seed - 1]!, values[seed - 1]!],
        ],
      },
      frozen: {
        schedule: "once",
        rows: () => [
          [0.3, 0.3],
          [0.3, 0.3],
          [0.3, 0.3],
        ],
      },
    },
    1,
    [1, 2, 3],
  );
  source.run.trainers[1]!.deterministic = true;
  const [sequential, frozen] = buildLeaderboard(source).leaderboard;
  expect(sequential!.metrics.op).toMatchObject({ low: null, high: null, n: 1 });
  expect(sequential!.metrics.op!.mean).toBeCloseTo(0.6, 12);
  expect(sequential!.metrics.op!.seedDeviation).toBeCloseTo(0.1, 12); // √((0.1² + 0.1²) / 2)
  expect(frozen!.metrics.op).not.toHaveProperty("seedDeviation");
  const lines = leaderboardLines(buildLeaderboard(source), { color: false, width: 120 }).join("\n");
  expect(lines).toMatch(/^sequential +60\.0 \(10\.0\)/m);
  expect(lines).toMatch(/^frozen +30\.0 +\S/m);
  expect(lines).toContain("in brackets: standard deviation over the 3 seeds of the one order, no interval over orders");
  const single = buildLeaderboard(
    storedRun(
      {
        sequential: {
          schedule: "sequence",
          rows: () => [
            [0, 0],
            [1, 1],
            [1, 1],
          ],
        },
      },
      2,
      [1, 2],
    ),
  );
  expect(single.leaderboard[0]!.metrics.op).not.toHaveProperty("seedDeviation");
});
