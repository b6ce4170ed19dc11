import fc from "fast-check";
import { expect, test } from "vitest";
import { compareLearned } from "../../../harness/gate/compare.js";
import type { Entry } from "../../../harness/gate/entry.js";
import { buildLeaderboard, builtInMetrics } from "../../../harness/metrics/index.js";
import { storedRun } from "../metrics/stored-run.js";

/** The leaderboard and the entries of trainers with the given scores on their tasks, by order. */
function ranked(scores: readonly (readonly number[])[]) {
  const rows = (own: readonly number[]) => (order: number) => [
    [0, 0],
    [own[order]!, 0],
    [own[order]!, own[order]!],
  ];
  const trainers = scores.map((own, index) => [`t${index}`, { schedule: "sequence", rows: rows(own) }] as const);
  const source = storedRun(Object.fromEntries(trainers), scores[0]!.length, [1]);
  const { run, directory, matrices, costs } = source;
  const cells = run.cells.map((cell) => ({ ...cell, matrix: matrices[cell.id], cost: costs[cell.id] }));
  const entries = run.trainers.map(
    (trainer) =>
      ({
        run,
        directory,
        trainer,
        missing: [],
        cells: cells.filter((cell) => cell.trainer === trainer.label),
      }) as unknown as Entry,
  );
  return { entries, leaderboard: buildLeaderboard(source).leaderboard };
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
      const { entries, leaderboard } = ranked(scores);
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
