import { beforeAll, describe, expect, test } from "vitest";
import { Workspace } from "./workspace.js";

const workspace = new Workspace();
const compare = async (...given: string[]) => {
  const { stdout } = await workspace.bench("compare", ...given, "--json");
  return JSON.parse(stdout).comparisons[0];
};

beforeAll(async () => {
  await workspace.run("before");
  await workspace.run("worse", { options: { epochs: 0 } });
  await workspace.run("fresh", { seeds: [3, 4] });
  await workspace.run("single", { orders: 1 });
  await workspace.run("four-tasks", { tasks: 4, orders: 1, seeds: [1], options: { rehearse: 0.2 } });
});

describe("bench compare", () => {
  test("finds what became worse, with the answers that flipped and the cost", async () => {
    const comparison = await compare("before", "worse");
    expect(comparison).toMatchObject({ pairedBy: "order and seed", suite: { name: "words" } });
    const op = comparison.metrics.find(({ key }: { key: string }) => key === "op");
    expect(op).toMatchObject({ verdict: "worse", orders: 4 });
    expect(op.interval.high).toBeLessThan(0);
    const { answers, gained, lost } = comparison.flips;
    expect(answers).toBe(8 * 3 * 24);
    expect(lost.length).toBeGreaterThan(gained.length);
    for (const { baseline, candidate } of lost) expect([baseline.score, candidate.score]).toEqual([1, 0]);
    expect(comparison.cost.trainedTokens.candidate).toBeLessThan(comparison.cost.trainedTokens.baseline);
  });

  test("is the mirror of itself: sides changed, the signs change", async () => {
    const [there, back] = [await compare("before", "worse"), await compare("worse", "before")];
    for (const part of ["metrics", "tasks"]) {
      for (const [index, row] of there[part].entries()) {
        if (row.difference === null) continue;
        expect(back[part][index].difference).toBeCloseTo(-row.difference, 12);
        expect(back[part][index].adjustedP).toBeCloseTo(row.adjustedP, 9);
      }
    }
    expect(back.flips.gained.length).toBe(there.flips.lost.length);
  });

  test("pairs by order where the seeds differ, and separates nothing there", async () => {
    const comparison = await compare("before", "fresh");
    expect(comparison).toMatchObject({ pairedBy: "order", flips: { answers: 0 } });
    for (const { verdict } of comparison.metrics) expect(["not separated", "unknown"]).toContain(verdict);
  });

  test("knows nothing by one order, and says so", async () => {
    const { metrics } = await compare("before", "single");
    expect(metrics[0]).toMatchObject({ verdict: "unknown", reason: "one task order separates nothing" });
  });

  test("prints tables for people", async () => {
    const { code, stdout } = await workspace.process("compare", "before:method", "worse", "--metrics", "op,bwt");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^op .*worse$/m);
    expect(stdout).toMatch(/576 answers compared: \d+ became right, \d+ became wrong/);
    expect(stdout).toMatch(/^trainedTokens /m);
  });

  test.each([
    [["before", "four-tasks"], "the suites differ"],
    [["before", "before"], "compared with itself"],
    [["before", "worse:metod"], 'Did you mean "method"?'],
    [["before", "worse", "--metrics", "opp"], 'Did you mean "op"?'],
    [["before", "nowhere"], "contains no run"],
  ])("%j ends with 2: %s", async (given, message) => {
    const { code, stderr } = await workspace.bench("compare", ...given);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
