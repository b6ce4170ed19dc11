import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import { methods, trainers } from "../../../trainers/methods/catalog.js";
import { compositionTable, pairsOf } from "../../../trainers/methods/composition.js";
import { byName, learnAll, tinyTask } from "./rig.js";

const composed = byName(trainers, "composed");
const tasks = [tinyTask("a", 8, 2), tinyTask("b", 8, 2)];

test("the table in the documentation is that of the methods (`npx vitest run composition -u` writes it)", async () => {
  const head = [
    "# Which methods compose",
    "",
    "Generated from the methods' own claims, with their default options: `✓` composes as `use: [row, column]`; a number is",
    "the reason why not. `test/trainers/methods/composition.test.ts` writes this file and trains every pair that it allows.",
    "",
    "",
  ].join("\n");
  await expect(head + compositionTable(methods)).toMatchFileSnapshot(
    join(packageRoot, "trainers/methods/COMPOSITION.md"),
  );
});

describe("every pair that composes trains two tasks, two steps each", () => {
  const allowed = pairsOf(methods).filter(({ reason }) => reason === null);
  test.each(allowed.map(({ first, second }) => [first.name, second.name]))("%s, %s", async (first, second) => {
    const { reports, learner } = await learnAll(composed, { use: [first, second], steps: 2 }, { tasks });
    expect(reports.map(({ steps }) => steps)).toEqual([2, 2]);
    for (const { finalLoss } of reports) expect(finalLoss).toBeGreaterThan(0);
    await learner.release();
  });
});
