import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSpaceFile } from "../../../harness/config/index.js";
import type { BenchError } from "../../../harness/contract/errors.js";

const file = join(mkdtempSync(join(tmpdir(), "bench-space-")), "space.yaml");
const options = {
  properties: {
    epochs: { type: "integer", minimum: 1, default: 3 },
    share: { type: ["number", "null"], minimum: 0, default: null },
    inner: { type: "object", properties: { rank: { type: "integer", default: 8 } } },
  },
};

function read(text: string) {
  writeFileSync(file, text);
  return readSpaceFile(file, options);
}

test("a space names options, and options inside others by a path", () => {
  expect(
    read(
      "epochs: { low: 1, high: 9, scale: log, integer: true }\nshare: { values: [null, 0.5] }\ninner.rank: { values: [4, 8] }",
    ),
  ).toEqual({
    epochs: { low: 1, high: 9, scale: "log", integer: true },
    share: { values: [null, 0.5] },
    "inner.rank": { values: [4, 8] },
  });
});

test.each([
  ["epoch: { values: [1] }", 'names the unknown option "epoch" → Did you mean "epochs"?'],
  ["inner.rnk: { values: [1] }", 'names the unknown option "inner.rnk" → Did you mean "inner.rank"?'],
  ["epochs: { low: 1, high: 2, scal: log }", '"epochs" lacks "scale" → Add "scale".'],
  ["epochs: { low: 3, high: 2, scale: linear }", 'the range of "epochs" is empty → Give a `low` below `high`.'],
  ["share: { low: 0, high: 1, scale: log }", "has no logarithm → Give a `low` above 0, or the scale linear."],
  ["epochs: { values: [many] }", '"epochs" is the string "many" → Give a whole number.'],
  ["epochs: { low: 0, high: 2, scale: linear }", '"epochs" is 0 → It must be >= 1.'],
  ["share: { low: 0.5, high: 4, scale: linear, integer: true }", 'the ends of "share" are no whole numbers'],
])("%s: %s", (text, explanation) => {
  try {
    read(text);
  } catch (error) {
    const { code, message, fix, at } = error as BenchError;
    expect(code).toBe("CONFIG_INVALID");
    expect(at).toMatchObject({ file, line: 1 });
    return expect(`${message} → ${fix}`).toContain(explanation);
  }
  expect.unreachable("the space was accepted");
});
