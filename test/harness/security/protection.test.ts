import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runTables } from "../../../harness/app/export/run-tables.js";
import { readHistory } from "../../../harness/app/read-history.js";
import { readEntries } from "../../../harness/gate/entry.js";
import { answersOf } from "../../../harness/gate/items/answers.js";
import { buildBoard, builtInMetrics } from "../../../harness/metrics/index.js";
import { publishedText, readMeasuredRuns } from "../../../harness/run/store/published-run.js";
import { readRun } from "../../../harness/run/store/store.js";
import { verifyRun } from "../../../harness/run/verify-run.js";
import { readReportData } from "../../../reports/report-data.js";
import { filesOf, newDirectory } from "../../files.js";
import { writeFixtureRun } from "../../reports/fixture/write-run.js";
import { removeDigests } from "../run/fixtures/without-digests.js";
import { configure, matricesOf, run } from "../run/support.js";

describe("a stored run", () => {
  const pristine = join(newDirectory(), "run");
  writeFixtureRun(pristine, { orders: 1, seeds: 1, only: ["ewc", "joint"], observed: true });

  /** What the verbs make of a run. */
  const readers: Record<string, (directory: string) => string> = {
    report: (directory) => JSON.stringify(readReportData(directory)),
    compare: (directory) =>
      JSON.stringify(
        readEntries(directory).map((entry) => [answersOf(entry), entry.cells.map(({ matrix }) => matrix)]),
      ),
    leaderboard: (directory) => JSON.stringify(buildBoard(readMeasuredRuns(directory))),
    publish: (directory) => readMeasuredRuns(directory).map(publishedText).join(),
    history: (directory) => JSON.stringify(readHistory([directory], {})),
    export: (directory) =>
      JSON.stringify(runTables(readRun(directory), builtInMetrics).map(({ name, records }) => [name, [...records()]])),
    validate: (directory) => JSON.stringify(verifyRun(readRun(directory))),
  };
  const original = Object.fromEntries(Object.entries(readers).map(([verb, read]) => [verb, read(pristine)]));

  const paths = filesOf(pristine);
  test.each(paths)("%s: a changed byte is found by every verb that it concerns", (path) => {
    const copy = join(newDirectory(), "run");
    cpSync(pristine, copy, { recursive: true });
    const bytes = readFileSync(join(pristine, path));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.constantFrom(..."0123456789.-e,}\n"), (place, character) => {
        const changed = Buffer.from(bytes);
        changed[place] = character.charCodeAt(0);
        writeFileSync(join(copy, path), changed);
        for (const [verb, read] of Object.entries(readers)) {
          try {
            if (readRun(copy).notices.length > 0) return; // a torn last line is dropped, and that is said
            expect(read(copy).replaceAll(copy, pristine), verb).toBe(original[verb]);
          } catch (error) {
            if (changed.equals(bytes) || (error as { code?: string }).code !== "DATA_INVALID") throw error;
          }
        }
      }),
      { numRuns: 4 },
    );
  });

  test("the check of the directory finds a change in any result", () => {
    for (const path of paths.filter((name) => name !== "journal.jsonl")) {
      const copy = join(newDirectory(), "run");
      cpSync(pristine, copy, { recursive: true });
      const text = readFileSync(join(copy, path), "utf8");
      writeFileSync(
        join(copy, path),
        text.replace(/\d(?=\D*$)/, (digit) => String(9 - Number(digit))),
      );
      expect(() => readers.validate!(copy), path).toThrow(expect.objectContaining({ code: "DATA_INVALID" }));
      rmSync(join(copy, path));
      expect(() => readers.validate!(copy), path).toThrow();
    }
  });

  test("from before there were digests can be read, and says that nothing protects it", () => {
    const old = join(newDirectory(), "run");
    writeFixtureRun(old, { orders: 1, seeds: 1, only: ["ewc"], digests: false });
    expect(readRun(old).notices).toEqual([expect.stringMatching(/^1 of 1 cells .* no digests/)]);
    expect(readRun(pristine).notices).toEqual([]);
  });

  test.each([
    ["fewer rows", (matrix: { rows: unknown[] }) => matrix.rows.pop()],
    ["a row of more columns", (matrix: { rows: unknown[][] }) => matrix.rows[1]!.push(0.5)],
    ["other tasks", (matrix: { tasks: unknown[] }) => matrix.tasks.reverse()],
    ["the name of another trainer", (matrix: { trainer: unknown }) => (matrix.trainer = "other")],
    ["a score of 7.5", (matrix: { rows: unknown[][] }) => (matrix.rows[1]![0] = 7.5)],
  ])("without digests, a matrix with %s is refused", (_, change) => {
    const old = join(newDirectory(), "run");
    const { cells } = writeFixtureRun(old, { orders: 1, seeds: 1, only: ["ewc"], digests: false });
    const path = join(old, "cells", cells[0]!.id, "matrix.json");
    const matrix = JSON.parse(readFileSync(path, "utf8"));
    change(matrix);
    writeFileSync(path, JSON.stringify(matrix));
    expect(() => readRun(old)).toThrow(expect.objectContaining({ code: "DATA_INVALID" }));
  });
});

describe("a run that goes on", () => {
  const notices = ({ events }: Awaited<ReturnType<typeof run>>): string[] =>
    events.flatMap((event) => (event.type === "notice" ? [event.text] : []));

  test("measures a finished cell again whose matrix, answers or costs were changed", async () => {
    const directory = newDirectory();
    const config = configure(directory, { suite: { name: "words", options: { tasks: 2 } } }, "sequential");
    await run(config);
    const before = matricesOf(directory);
    const [cell] = readdirSync(join(directory, "cells"));
    for (const name of ["matrix.json", "samples.jsonl", "cost.json"]) {
      const path = join(directory, "cells", cell!, name);
      writeFileSync(
        path,
        readFileSync(path, "utf8").replace(/\d/, (digit) => String(9 - Number(digit))),
      );
    }
    expect(() => readRun(directory)).toThrow(expect.objectContaining({ code: "DATA_INVALID" }));
    const again = await run(config);
    expect(again).toMatchObject({ status: "done", stored: false });
    expect(notices(again).filter((text) => text.includes("is measured again"))).toHaveLength(3);
    expect(matricesOf(directory)).toEqual(before);
    expect(verifyRun(readRun(directory))).toEqual({ files: 5, checkpoints: 1 });
  });

  test("does not adopt an evaluation that was changed, and says so", async () => {
    const whole = newDirectory();
    await run(configure(whole, {}, "sequential", "replay"));
    const directory = newDirectory();
    const config = configure(directory, { workers: 1 }, "sequential", "replay");
    await run(config, (event) => event.type === "row-finished" && event.row === 0);
    const folder = join(directory, "evaluations");
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name), "utf8");
      writeFileSync(join(folder, name), text.replace(/"score":\d/g, '"score":0.5'));
    }
    const again = await run(config);
    expect(notices(again)).toContainEqual(expect.stringMatching(/^evaluations\/.* was damaged/));
    expect(matricesOf(directory)).toEqual(matricesOf(whole));
  });

  test("refuses an edited run.json, and writes damaged questions again", async () => {
    const directory = newDirectory();
    const config = configure(directory, { suite: { name: "words", options: { tasks: 2 } } }, "sequential");
    await run(config, (event) => event.type === "row-finished" && event.row === 0);
    const [record, examples] = ["run.json", "examples.jsonl"].map((name) => join(directory, name)) as [string, string];
    const [text, questions] = [record, examples].map((path) => readFileSync(path, "utf8")) as [string, string];
    writeFileSync(record, text.replace('"command": "', '"command": "rm -rf / # '));
    await expect(run(config)).rejects.toMatchObject({ code: "DATA_INVALID", at: { file: record } });
    writeFileSync(record, text);
    writeFileSync(examples, questions.slice(0, -20));
    expect(await run(config)).toMatchObject({ status: "done" });
    expect(readFileSync(examples, "utf8")).toBe(questions);
    removeDigests(directory);
    expect(await run(config)).toMatchObject({ status: "done", stored: true });
  });
});
