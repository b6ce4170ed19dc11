import { appendFileSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JournalEvent } from "../../../harness/contract/result.js";
import { Journal, readJournal } from "../../../harness/run/store/journal.js";
import { newDirectory } from "../../files.js";

const event = fc.oneof(
  fc.record({ type: fc.constant("cell-started" as const), cell: fc.string(), fromRow: fc.nat(9) }),
  fc.record({
    type: fc.constant("row-finished" as const),
    cell: fc.string({ unit: "grapheme" }),
    row: fc.nat(9),
    artifacts: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
  }),
);

function written(events: JournalEvent[]): string {
  const path = join(newDirectory(), "journal.jsonl");
  const journal = new Journal(path);
  for (const each of events) journal.append(each);
  journal.close();
  return path;
}

test("what is appended is read back, over any number of openings", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 6 }), fc.array(event, { maxLength: 6 }), (first, second) => {
      const path = written(first);
      const journal = new Journal(path);
      expect(journal.content.events).toEqual(first);
      for (const each of second) journal.append(each);
      journal.close();
      expect(readJournal(path)).toMatchObject({ events: [...first, ...second], notices: [] });
    }),
    { numRuns: 30 },
  );
});

test("cut at any byte, a journal keeps every whole line and goes on", () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 4 }), fc.nat(), event, (events, place, next) => {
      const path = written(events);
      const text = readFileSync(path);
      const length = place % text.length;
      truncateSync(path, length);
      const whole = text.subarray(0, length).filter((byte) => byte === 10).length;
      const torn = length > 0 && text[length - 1] !== 10;
      const journal = new Journal(path);
      expect(journal.content.events).toEqual(events.slice(0, whole));
      expect(journal.content.notices).toHaveLength(torn ? 1 : 0);
      journal.append(next);
      journal.close();
      expect(readJournal(path)).toMatchObject({ events: [...events.slice(0, whole), next], notices: [] });
    }),
    { numRuns: 50 },
  );
});

test("a corrupt line before the last is an error that names it", () => {
  const path = written([
    { type: "cell-started", cell: "a", fromRow: 0 },
    { type: "cell-started", cell: "b", fromRow: 0 },
    { type: "cell-started", cell: "c", fromRow: 0 },
  ]);
  writeFileSync(path, readFileSync(path, "utf8").replace('"cell":"b"', '"cell":"x"'));
  for (const open of [() => readJournal(path), () => new Journal(path)]) {
    expect(open).toThrow(expect.objectContaining({ code: "DATA_INVALID", at: { file: path, line: 2 } }));
  }
});

test("a line that is missing is a corrupt line too", () => {
  const path = written([1, 2, 3].map((fromRow) => ({ type: "cell-started", cell: "a", fromRow })));
  const lines = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, [lines[0], lines[2], ""].join("\n"));
  appendFileSync(path, "{}\n");
  expect(() => readJournal(path)).toThrow(
    expect.objectContaining({ code: "DATA_INVALID", at: { file: path, line: 2 } }),
  );
});

test.runIf(process.platform === "linux")("a full disk is STORAGE with the path", () => {
  const path = join(newDirectory(), "journal.jsonl");
  symlinkSync("/dev/full", path);
  const journal = new Journal(path);
  expect(() => journal.append({ type: "cell-cancelled", cell: "a" })).toThrow(
    expect.objectContaining({ code: "STORAGE", message: expect.stringContaining(path) }),
  );
  journal.close();
});
