import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findSyntaxError } from "../../../harness/contract/files/json-syntax.js";
import { readJson } from "../../../suites/folder/formats/json.js";
import type { FileRow } from "../../../suites/folder/formats/row.js";

let directory: string;
let file: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "bench-json-"));
  file = join(directory, "list.json");
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const read = () => {
  const { rows, digest } = readJson(file);
  return { rows: [...(rows as Iterable<FileRow>)], digest: digest?.() };
};

const values = (content: string | Uint8Array) => {
  writeFileSync(file, content);
  return read().rows.map(({ value }) => value);
};

describe("reading a list element by element", () => {
  test("gives what JSON.parse gives, for any list in any layout", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 })), fc.constantFrom(undefined, 1, "\t"), (list, indent) => {
        const text = JSON.stringify(list, null, indent);
        expect(values(text)).toEqual(JSON.parse(text));
        expect(values(`\ufeff \r\n${text}\n `)).toEqual(JSON.parse(text));
      }),
      { numRuns: 200 },
    );
  });

  test("does not mind where the pieces of a long file are cut", () => {
    const list = Array.from({ length: 700 }, (_, index) => ({
      prompt: `${"x".repeat(index)} 中文🙂 \\"[{`.repeat(10),
      index,
    }));
    const text = JSON.stringify(list);
    expect(Buffer.byteLength(text)).toBeGreaterThan(2 << 20);
    expect(values(text)).toEqual(list);
    expect(read().digest).toBe(createHash("sha256").update(text).digest("hex"));
  });

  test("knows where each element begins, counted in characters", () => {
    writeFileSync(file, '[\n {"a": "é🙂"}, {"b": 1},\n\n  3]');
    expect(read().rows.map(({ at }) => [at.line, at.column])).toEqual([
      [2, 2],
      [2, 15],
      [4, 3],
    ]);
  });
});

describe("finding the first error", () => {
  test("agrees with JSON.parse on what is JSON", () => {
    const damaged = fc.tuple(
      fc.json({ maxDepth: 3 }),
      fc.nat(),
      fc.constantFrom("", ",", '"', "}", "]", "\n", "x", "\\", "0"),
    );
    fc.assert(
      fc.property(damaged, ([json, where, put]) => {
        const offset = where % (json.length + 1);
        const text = json.slice(0, offset) + put + json.slice(offset + 1);
        const parses = (() => {
          try {
            JSON.parse(text);
            return true;
          } catch {
            return false;
          }
        })();
        const fault = findSyntaxError(text);
        expect(fault === undefined).toBe(parses);
        if (fault !== undefined) expect(fault.offset).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['{"a": 1,}', 8, 'a text in "quotes"'],
    ['{"a" 1}', 5, "a colon"],
    ['{"a": b}', 6, "a value"],
    ['{"a": 1 "b": 2}', 8, "a comma or }"],
    ['["a\nb"]', 3, "the closing quote"],
    ['["\\x"]', 2, "an escape"],
    ["[1", 2, "a comma or ]"],
  ])("%j at %i: %s", (text, offset, expected) => {
    expect(findSyntaxError(text)).toEqual({ offset, expected: expect.stringContaining(expected) });
  });
});
