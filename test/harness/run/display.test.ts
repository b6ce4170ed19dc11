import { PassThrough } from "node:stream";
import fc from "fast-check";
import stringWidth from "string-width";
import { expect, test, vi } from "vitest";
import type { DisplayedCell, RunEvent } from "../../../harness/contract/event.js";
import { chooseDisplay, jsonDisplay, plainDisplay } from "../../../harness/run/display/index.js";
import { liveLines, terminalDisplay } from "../../../harness/run/display/terminal.js";
import { bar, count, duration, toColumns } from "../../../harness/run/display/text.js";
import { RunTracker } from "../../../harness/run/display/tracker.js";

const cell = (id: string, trainer: string, status: DisplayedCell["status"] = "pending"): DisplayedCell => ({
  id,
  trainer,
  order: "published",
  seed: 1,
  tasks: ["立场", "fomc"],
  status,
  row: null,
  seconds: 10,
});

/** A cell's life with the seconds at which its events come. */
const life: [number, RunEvent][] = [
  [
    0,
    {
      type: "run-started",
      directory: "runs/x",
      workers: 2,
      cells: [cell("a", "replay"), cell("b", "ewc"), cell("c", "lora", "done")],
      expected: { low: 70, high: 200 },
    },
  ],
  [0, { type: "cell-started", cell: "a", fromRow: 0 }],
  [0, { type: "cell-started", cell: "b", fromRow: 0 }],
  [1, { type: "cell-progress", progress: { cell: "a", row: 0, phase: "evaluate", done: 64, total: 128 } }],
  [2, { type: "row-finished", cell: "a", row: 0 }],
  [
    4,
    {
      type: "cell-progress",
      progress: { cell: "a", row: 1, phase: "learn", done: 50, total: 100, loss: 1.23456, tokensPerSecond: 14_230 },
    },
  ],
  [6, { type: "row-finished", cell: "a", row: 1 }],
  [8, { type: "notice", text: "a plug-in says hello" }],
  [9, { type: "cell-failed", cell: "b", error: { code: "DIVERGED", message: "the training loss is NaN" } }],
  [10, { type: "row-finished", cell: "a", row: 2 }],
  [11, { type: "cell-finished", cell: "a", score: 0.5 }],
  [11, { type: "run-finished", done: 2, failed: 1, cancelled: 0, wallSeconds: 11 }],
];

function collect(): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough();
  const chunks: string[] = [];
  stream.on("data", (chunk) => chunks.push(String(chunk)));
  return { stream, text: () => chunks.join("") };
}

test("plain lines: what ended, what it was worth, what is left", () => {
  const { stream, text } = collect();
  let now = 0;
  const display = plainDisplay(stream, () => now * 1000);
  for (const [second, event] of life) {
    now = second;
    display.show(event);
  }
  expect(text()).toMatchInlineSnapshot(`
    "3 cells on 2 workers, 1 finished before, 1m 10s to 3m 20s on an idle machine → runs/x
      replay · published · seed 1  base 0/2 measured  about 22s left
      replay · published · seed 1  立场 1/2 measured  about 15s left
    a plug-in says hello
    ✗ ewc · published · seed 1  DIVERGED: the training loss is NaN
      replay · published · seed 1  fomc 2/2 measured  about 0s left
    ✓ replay · published · seed 1  score 50.0  11s
    2 cells done, 1 failed in 11s
    "
  `);
});

test("json lines: each event as it is", () => {
  const { stream, text } = collect();
  const display = jsonDisplay(stream);
  for (const [, event] of life) display.show(event);
  expect(
    text()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual(life.map(([, event]) => event));
});

function trackerAt(second: number): RunTracker {
  let now = 0;
  const tracker = new RunTracker(() => now * 1000);
  for (const [at, event] of life) {
    if (at > second) break;
    now = at;
    tracker.apply(event);
  }
  return tracker;
}

test("the live view fits any width and shows each running cell on one line", () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 200 }), fc.integer({ min: 0, max: 11 }), (columns, second) => {
      const tracker = trackerAt(second);
      const lines = liveLines(tracker, columns);
      expect(lines).toHaveLength(1 + tracker.list("running").length);
      for (const line of lines) expect(stringWidth(line)).toBeLessThan(columns);
    }),
  );
  expect(liveLines(trackerAt(4), 110)).toMatchInlineSnapshot(`
    [
      "█████████▌░░░░░░░░░░░░  43%  1/3 cells  about 23s left",
      "replay · published · seed 1  ███▌░░░░░░░░  10s left      立场 1/2  step 50/100  loss 1.235  14.2k tok/s",
      "ewc · published · seed 1     ░░░░░░░░░░░░                starting",
    ]
  `);
  expect(liveLines(trackerAt(4), 50)).toMatchInlineSnapshot(`
    [
      "████▎░░░░░  43%  1/3 cells  about 23s left",
      "replay · published …  █▊░░░░  10s left      立场…",
      "ewc · published · s…  ░░░░░░                star…",
    ]
  `);
});

test("shares of work only grow, and end at 1", () => {
  let last = 0;
  for (let second = 0; second <= 11; second++) {
    const total = trackerAt(second).totalFraction();
    expect(total).toBeGreaterThanOrEqual(last);
    expect(total).toBeLessThanOrEqual(1);
    last = total;
  }
  expect(last).toBe(1);
});

const control = "\u001B";

test("the live view is cleared at the end, and lines on what ended stay above it", () => {
  const { stream, text } = collect();
  const terminal = Object.assign(stream, { isTTY: true, columns: 80, rows: 24 }) as never as NodeJS.WriteStream;
  const display = terminalDisplay(terminal, true);
  for (const [, event] of life.slice(0, -1)) display.show(event);
  display.close();
  display.close();
  expect(text()).toContain(`${control}[32m✓${control}[39m replay · published · seed 1`);
  expect(text().endsWith(`${control}[G`)).toBe(true);
});

test("nothing is drawn after the end", () => {
  vi.useFakeTimers();
  try {
    const { stream, text } = collect();
    const display = terminalDisplay(Object.assign(stream, { isTTY: true, columns: 80, rows: 24 }) as never, false);
    for (const [, event] of life) display.show(event);
    const shown = text();
    vi.advanceTimersByTime(10_000);
    expect(text()).toBe(shown);
  } finally {
    vi.useRealTimers();
  }
});

test("a terminal gets the live view, anything else plain lines; NO_COLOR is respected", async () => {
  const shown = async (tty: boolean, environment: NodeJS.ProcessEnv) => {
    const { stream, text } = collect();
    const display = await chooseDisplay(Object.assign(stream, { isTTY: tty, columns: 80 }) as never, environment);
    for (const [, event] of life) display.show(event);
    display.close();
    return text();
  };
  expect(await shown(true, {})).toContain(`${control}[31m`);
  expect(await shown(true, { NO_COLOR: "1" })).toContain(`${control}[2K`);
  expect(await shown(true, { NO_COLOR: "1" })).not.toContain(`${control}[31m`);
  for (const plain of [shown(false, {}), shown(true, { CI: "true" }), shown(true, { TERM: "dumb" })]) {
    expect(await plain).not.toContain(control);
  }
});

test("figures for people", () => {
  expect([0.4, 59.4, 60, 125, 3600, 7384].map(duration)).toEqual(["0s", "59s", "1m 00s", "2m 05s", "1h 00m", "2h 03m"]);
  expect([0, 999, 1000, 14_230, 3_140_000].map(count)).toEqual(["0", "999", "1.0k", "14.2k", "3.1M"]);
  expect([toColumns("立场检测", 5), toColumns("ab", 4), toColumns("abcdef", 4)]).toEqual(["立场…", "ab  ", "abc…"]);
  fc.assert(
    fc.property(fc.double({ min: -1, max: 2, noNaN: true }), fc.integer({ min: 1, max: 40 }), (share, columns) => {
      expect(stringWidth(bar(share, columns))).toBe(columns);
    }),
  );
});
