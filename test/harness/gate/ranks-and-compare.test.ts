import fc from "fast-check";
import { expect, test } from "vitest";
import type { RunRecord } from "../../../harness/contract/result.js";
import { compareLearned } from "../../../harness/gate/compare.js";
import type { Entry } from "../../../harness/gate/entry.js";
import { buildLeaderboard, builtInMetrics } from "../../../harness/metrics/index.js";
import { matrixOf } from "../metrics/matrix.js";

const privileges = { pastData: "none", generalItems: 0, taskIdAtTest: false, validationOfPastTasks: false } as const;

/** A run of some trainers with the given scores on its one task, by order. */
function storedRun(scores: readonly (readonly number[])[]) {
  const trainers = scores.map((_, index) => ({
    label: `t${index}`,
    name: `t${index}`,
    schedule: "sequence",
    privileges,
  }));
  const cells = scores.flatMap((own, trainer) =>
    own.map((score, order) => {
      const place = { trainer: `t${trainer}`, order: `order ${order}`, seed: 1 };
      const rows = [
        [0, 0],
        [score, 0],
        [score, score],
      ];
      return {
        id: `${trainer}-${order}`,
        ...place,
        matrix: matrixOf(rows, { ...place, n: rows.map((row) => row.map(() => 100)) }),
      };
    }),
  );
  const run = {
    ...{ id: "run", trainers, cells, seeds: [1], quick: false, numerics: "n" },
    orders: scores[0]!.map((_, order) => ({ name: `order ${order}`, tasks: ["task 1", "task 2"] })),
    suite: { name: "suite", version: "1", digest: "d", tasks: [{ id: "task 1" }, { id: "task 2" }], probes: [] },
    model: { reference: "m", digest: "m" },
  } as unknown as RunRecord;
  const entries = trainers.map(
    (trainer) =>
      ({
        ...{ run, directory: "nowhere", trainer, missing: [] },
        cells: cells.filter((cell) => cell.trainer === trainer.label).map((cell) => ({ ...cell, cost: {} })),
      }) as unknown as Entry,
  );
  const matrices = Object.fromEntries(cells.map(({ id, matrix }) => [id, matrix]));
  return { entries, leaderboard: buildLeaderboard({ directory: "nowhere", run, matrices, costs: {} }).leaderboard };
}

const score = fc.integer({ min: 0, max: 100 }).map((items) => items / 100);
const runs = fc
  .tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 6 }))
  .chain(([trainers, orders]) =>
    fc.array(fc.array(score, { minLength: orders, maxLength: orders }), { minLength: trainers, maxLength: trainers }),
  );

test("two trainers are separated by OP exactly where the ranks of the leaderboard count one above the other", () => {
  fc.assert(
    fc.property(runs, (scores) => {
      const { entries, leaderboard } = storedRun(scores);
      for (const entry of entries) {
        const verdicts = entries.flatMap((other) =>
          other === entry
            ? []
            : compareLearned(other, entry, ["op"], builtInMetrics, entries).metrics.map(({ verdict }) => verdict),
        );
        const { rank } = leaderboard.find(({ trainer }) => trainer === entry.trainer.label)!;
        expect(rank).toEqual({
          best: 1 + verdicts.filter((verdict) => verdict === "worse").length,
          worst: entries.length - verdicts.filter((verdict) => verdict === "better").length,
        });
      }
    }),
    { numRuns: 30 },
  );
});
