import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterAll, describe, expect, test } from "vitest";
import { equalFlopsLines } from "../../../harness/cli/text/leaderboard-table.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { buildBoard, buildLeaderboard } from "../../../harness/metrics/index.js";
import { readRun } from "../../../harness/run/store/store.js";
import { writeFixtureRun } from "../../reports/fixture/write-run.js";

const directory = mkdtempSync(join(tmpdir(), "bench-board-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function runOf(name: string, options: Parameters<typeof writeFixtureRun>[1]) {
  writeFixtureRun(join(directory, name), options);
  return readRun(join(directory, name));
}

const schema = JSON.parse(readFileSync(join(packageRoot, "harness/contract/schemas/board.schema.json"), "utf8"));
const validate = new Ajv({ strict: false }).compile(schema);

const full = runOf("full", { orders: 3, seeds: 2, failing: "lora" });
const other = runOf("other", { orders: 3, seeds: 2, only: ["replay", "joint"], model: "owner/other" });
const narrow = runOf("narrow", { orders: 2, seeds: 2, only: ["ewc"], model: "owner/third" });

/** A run with some of its cells only, under another name. */
function part(
  stored: typeof full,
  id: string,
  keep: (cell: { trainer: string; order: string; seed: number }) => boolean,
) {
  const cells = stored.run.cells.filter(keep);
  const ids = new Set(cells.map((cell) => cell.id));
  const pick = <T>(records: Record<string, T>) =>
    Object.fromEntries(Object.entries(records).filter(([cell]) => ids.has(cell)));
  const run = { ...stored.run, id, cells };
  return { directory: id, run, matrices: pick(stored.matrices), costs: pick(stored.costs) };
}

describe("a board of one run", () => {
  test("is its leaderboard, with stable names and the score of each cell", () => {
    const board = buildBoard([full]);
    const own = buildLeaderboard(full);
    expect(board.leaderboard.map(({ trainer, rank, metrics }) => ({ trainer, rank, metrics }))).toEqual(
      own.leaderboard.map(({ trainer, rank, metrics }) => ({ trainer, rank, metrics })),
    );
    for (const row of board.leaderboard) {
      expect(row.id).toMatch(/^[0-9a-f]{12}$/);
      expect(row.results).toHaveLength(6);
      const scores = row.results.flatMap(({ score }) => score ?? []);
      expect(scores).toHaveLength(row.cells.done);
    }
    expect(validate(board), JSON.stringify(validate.errors)).toBe(true);
  });
});

describe("merging", () => {
  test("halves of a run give the whole, in either order, and a run twice gives it once more", () => {
    const first = (seed: number) => seed % 1000 === 1; // each order has its own seeds
    const [one, two] = [part(full, "one", ({ seed }) => first(seed)), part(full, "two", ({ seed }) => !first(seed))];
    const whole = buildBoard([full]);
    for (const sources of [
      [one, two],
      [two, one],
      [full, one],
    ]) {
      const merged = buildBoard(sources);
      expect(merged.grid).toEqual(whole.grid);
      const plain = ({ leaderboard }: typeof whole) =>
        leaderboard
          .map(({ id, rank, cells, metrics: { op } }) => ({ id, rank, cells, mean: op!.mean?.toFixed(12) }))
          .sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(plain(merged)).toEqual(plain(whole));
    }
  });

  test("equal trainers on other models are other entries, and joint training bounds its own model", () => {
    const { leaderboard } = buildBoard([full, other]);
    const named = (name: string) => leaderboard.find(({ trainer }) => trainer === name)!;
    expect(leaderboard.map(({ trainer }) => trainer)).toEqual(
      expect.arrayContaining(["replay (model)", "replay (other)", "ewc", "lora"]),
    );
    const alone = buildLeaderboard(other).leaderboard.find(({ trainer }) => trainer === "replay")!;
    expect(named("replay (other)").metrics.intransigenceAllTasks).toEqual(alone.metrics.intransigenceAllTasks);
    expect(named("replay (model)").metrics.intransigenceAllTasks).not.toEqual(alone.metrics.intransigenceAllTasks);
  });

  test("the grid is the one that most entries share; who lacks a cell of it is unranked, with the reason", () => {
    const { leaderboard, orders, seeds } = buildBoard([full, narrow]);
    expect([orders, seeds]).toEqual([3, 2]);
    const row = leaderboard.find(({ model }) => model.reference === "owner/third")!;
    expect(row.rank).toBeNull();
    expect(row.rankReason).toBe("4 of 6 runs have a final row");
    expect(row.results.filter(({ id }) => id === null)).toHaveLength(2);
  });

  test("cells outside of the grid are listed and count for nothing", () => {
    const wider = runOf("wider", { orders: 4, seeds: 3, only: ["ewc"], model: "owner/third" });
    const row = buildBoard([full, wider]).leaderboard.find(({ model }) => model.reference === "owner/third")!;
    expect(row.cells).toEqual({ done: 6, planned: 6 });
    expect(row.results.filter(({ counted }) => !counted)).toHaveLength(6);
    const scores = row.results.filter(({ counted }) => counted).map(({ score }) => score!);
    expect(row.metrics.op!.mean).toBeCloseTo(scores.reduce((a, b) => a + b) / 6, 12);
  });

  test("orders are distinguished by their tasks, not by their names", () => {
    const renamed = part(other, "renamed", () => true);
    const [first, second, third] = renamed.run.orders;
    renamed.run = {
      ...renamed.run,
      orders: [
        { ...first!, tasks: second!.tasks },
        { ...second!, tasks: first!.tasks },
        { ...third!, name: "x" },
      ],
      cells: renamed.run.cells.map((cell) => ({
        ...cell,
        order: { "order-1": "order-2", "order-2": "order-1", "order-3": "x" }[cell.order]!,
      })),
    };
    const plain = buildBoard([full, other]).leaderboard.map(({ results }) => results);
    expect(buildBoard([full, renamed]).leaderboard.map(({ results }) => results)).toEqual(plain);
  });

  test("another suite is refused", () => {
    const foreign = { ...other, run: { ...other.run, suite: { ...other.run.suite, digest: "0".repeat(64) } } };
    expect(() => buildBoard([full, foreign])).toThrowError(
      expect.objectContaining({ code: "RUN_MISMATCH", message: expect.stringContaining("different suites") }),
    );
  });
});

describe("at equal operations", () => {
  /** The run with other steps and that many operations a cell; null where they are unknown. */
  const trained = (steps: number | null, flops: number | null) => ({
    ...full,
    run: {
      ...full.run,
      id: `steps-${steps}`,
      trainers: full.run.trainers.map((trainer) => ({ ...trainer, options: { ...trainer.options, steps } })),
    },
    costs: Object.fromEntries(Object.entries(full.costs).map(([cell, cost]) => [cell, { ...cost, flops }])),
  });
  const stepsOf = (board: ReturnType<typeof buildBoard>) =>
    new Set(board.leaderboard.map(({ record }) => record.options.steps));

  test("each trainer has one row: the longest training within the budget", () => {
    const runs = [trained(20, 1e11), trained(60, 3e11), trained(40, 2e11)];
    const [whole, board] = [buildBoard(runs), buildBoard(runs, undefined, 2.5e11)];
    expect(stepsOf(whole)).toEqual(new Set([20, 40, 60]));
    expect(stepsOf(board)).toEqual(new Set([40]));
    expect(board.leaderboard).toHaveLength(full.run.trainers.length);
    expect(board.equalFlops).toEqual({ flops: 2.5e11, leftOut: [] });
    expect(stepsOf(buildBoard(runs, undefined, 3e11))).toEqual(new Set([60]));
    expect(equalFlopsLines(board, 80).join(" ")).toContain("within 2.50e+11 FLOPs");
    expect(equalFlopsLines(whole, 80)).toEqual([]);
  });

  test("who needs more is left out and listed, and so is who does not say", () => {
    const dear = trained(60, 3e11);
    const cheap = part(trained(20, 1e11), "cheap", ({ trainer }) => trainer === "ewc");
    cheap.run = { ...cheap.run, trainers: cheap.run.trainers.filter(({ label }) => label === "ewc") };
    const board = buildBoard([dear, cheap], undefined, 2e11);
    expect(board.leaderboard.map(({ trainer }) => trainer.split(" ")[0])).toEqual(["ewc"]);
    expect(board.equalFlops!.leftOut).toContainEqual({ trainer: "replay", flops: 3e11 });
    expect(board.equalFlops!.leftOut.map(({ trainer }) => trainer)).not.toContain("ewc");
    expect(equalFlopsLines(board, 200).join(" ")).toContain("replay (at least 3.00e+11)");
    expect(() => buildBoard([dear], undefined, 1e11)).toThrow("no entry was trained within");
    expect(() => buildBoard([trained(20, null)], undefined, 1e11)).toThrow("no entry was trained within");
  });

  test("it follows the published schema", () => {
    expect(validate(buildBoard([trained(20, 1e11)], undefined, 2e11)), JSON.stringify(validate.errors)).toBe(true);
  });
});
