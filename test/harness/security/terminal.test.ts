import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { errorText } from "../../../harness/cli/text/error-text.js";
import { BenchError } from "../../../harness/contract/errors.js";
import type { DisplayedCell } from "../../../harness/contract/event.js";
import { cut, printable } from "../../../harness/contract/printable.js";
import { plainDisplay } from "../../../harness/run/display/plain.js";
import { anyText } from "../../any-text.js";
import { newDirectory } from "../../files.js";
import { benchProcess } from "../cli/support.js";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

const hostile = {
  title: "\u001b]0;owned\u0007",
  link: "\u001b]8;;http://evil\u001b\\here\u001b]8;;\u001b\\",
  clear: "\u001b[2J\u001b[H",
  hidden: "\u001b[8m",
  bell: "\u0007",
  back: "safe\r\u001b[Kevil",
  c1: "\u009b2J",
  override: "\u202egnp.exe",
  isolate: "\u2066x\u2069",
};

test.each(Object.entries(hostile))("%s is shown, not obeyed, with colors and without", (_, text) => {
  for (const color of [true, false]) {
    expect(printable(text, color)).not.toMatch(obeyed);
    expect(printable(text, color)).toContain("\\u");
  }
});

test("any text: nothing is left that a terminal obeys, ordinary text is as it was, and JSON means the same", () => {
  const text = anyText();
  fc.assert(fc.property(text, (any) => !obeyed.test(printable(any))));
  fc.assert(fc.property(text, (any) => JSON.parse(printable(JSON.stringify(any))) === any));
  expect(printable("naïve Übung 漢字 👩‍🔬\n\tتجربة")).toBe("naïve Übung 漢字 👩‍🔬\n\tتجربة");
});

test("this program's own colors are kept where colors are wanted", () => {
  expect(printable("\u001b[31mred\u001b[39m", true)).toBe("\u001b[31mred\u001b[39m");
  expect(printable("\u001b[31mred", false)).toBe("\\u001b[31mred");
});

test("messages of plug-ins and servers are cut, and escaped in every place that prints them", () => {
  const message = `${hostile.title}${"long ".repeat(2000)}`;
  const text = errorText(new BenchError("PLUGIN_FAILED", message), { color: true, stack: false });
  expect(text.length).toBeLessThan(3000);
  expect(text).toMatch(/more characters\)/);
  expect(text).toContain("\\u001b]0;owned\\u0007");
  const stream = new PassThrough();
  const cell: DisplayedCell = {
    ...{ id: "0".repeat(16), trainer: hostile.override, order: "o", seed: 1 },
    ...{ status: "pending", row: null, tasks: ["t"], seconds: 1 },
  };
  const display = plainDisplay(stream);
  const expected = { low: 1, high: 2 };
  display.show({
    type: "run-started",
    directory: hostile.clear,
    cells: [cell],
    workers: 1,
    done: [],
    expected,
  } as never);
  display.show({ type: "cell-failed", cell: cell.id, error: { code: "PLUGIN_FAILED", message } } as never);
  const shown = String(stream.read());
  expect(shown).not.toMatch(obeyed);
  expect(shown).toContain("\\u001b[2J");
});

test("a text is cut between characters", () => {
  expect(cut("abc", 3)).toBe("abc");
  expect(cut("a👩b", 2)).toBe("a… (3 more characters)");
});

test("the command line itself: a hostile name in an error", async () => {
  const { code, stderr } = await benchProcess(["report", `${hostile.title}${hostile.override}`], newDirectory());
  expect(code).toBe(2);
  expect(stderr).not.toMatch(obeyed);
  expect(stderr).toContain("\\u202e");
});
