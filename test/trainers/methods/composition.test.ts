import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../harness/contract/files.js";
import { memories } from "../../../trainers/memory/trainers.js";
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
    "the reason why not. `test/trainers/methods/composition.test.ts` writes this file and trains each method with others.",
    "",
    "",
  ].join("\n");
  await expect(head + compositionTable([...methods, ...memories])).toMatchFileSnapshot(
    join(packageRoot, "trainers/methods/COMPOSITION.md"),
  );
});

/**
 * One composition for each method: the method and as many others as compose with it and with one another, those first
 * that no composition before has brought together. So the test grows with the methods, not with their pairs.
 */
function compositions(): string[][] {
  const composes = new Set(
    pairsOf(methods).flatMap(({ first, second, reason }) =>
      reason === null ? [`${first.name} ${second.name}`, `${second.name} ${first.name}`] : [],
    ),
  );
  const met = new Set<string>();
  const found = methods.map(({ name }) => {
    const group = [name];
    const others = methods.map((method) => method.name).filter((other) => composes.has(`${name} ${other}`));
    for (const fresh of [true, false]) {
      for (const other of others) {
        if (group.includes(other) || met.has(`${name} ${other}`) === fresh) continue;
        if (group.every((member) => composes.has(`${member} ${other}`))) group.push(other);
      }
    }
    for (const one of group) for (const other of group) met.add(`${one} ${other}`);
    return methods.map((method) => method.name).filter((member) => group.includes(member));
  });
  return [...new Map(found.map((group) => [group.join(), group])).values()];
}

const groups = compositions();

describe("methods that compose train two tasks, two steps each", () => {
  test.each(groups.map((use) => [use.join(", "), use] as const))("%s", async (_, use) => {
    const { reports, learner } = await learnAll(composed, { use, steps: 2, monitor: true }, { tasks });
    expect(reports.map(({ steps }) => steps)).toEqual([2, 2]);
    for (const { finalLoss } of reports) expect(finalLoss).toBeGreaterThan(0);
    await learner.release();
  });

  test("every method is in one of them, with others", () => {
    for (const { name } of methods) {
      expect(
        groups.some((group) => group.includes(name) && group.length > 1),
        name,
      ).toBe(true);
    }
  });
});
