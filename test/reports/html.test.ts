import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { plugin } from "../../reports/index.js";
import { reportContext } from "./fixture/html-page.js";
import { writeFixtureRun } from "./fixture/write-run.js";
import { expectWellFormed } from "./markup.js";

const directory = mkdtempSync(join(tmpdir(), "bench-html-"));
const run = join(directory, "run");
let page = "";
let path = "";

const reporter = (name: string) => plugin.reporters!.find((candidate) => candidate.name === name)!;

beforeAll(async () => {
  writeFixtureRun(run, { orders: 2, seeds: 1, failing: "lora" });
  [path] = (await reporter("html").render(run, join(run, "report"), reportContext)) as [string];
  page = readFileSync(path, "utf8");
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("the page", () => {
  test("is one well-formed file of less than 2 MB", () => {
    expect(path).toBe(join(run, "report", "index.html"));
    expectWellFormed(page);
    expect(statSync(path).size).toBeLessThan(2_000_000);
  });

  test("loads nothing from a network, and embeds all samples of a small run", () => {
    const withoutNamespace = page.replaceAll('xmlns="http://www.w3.org/2000/svg"', "");
    expect(withoutNamespace.match(/(?:src|href|action|data)="(?:https?:)?\/\//)).toBeNull();
    expect(
      withoutNamespace.match(/@import|url\((?!#)|<(?:img|iframe|object|embed|source|link rel="stylesheet")/),
    ).toBeNull();
    expect(withoutNamespace.match(/\b(?:fetch|XMLHttpRequest|WebSocket|importScripts)\b/)).toBeNull();
    expect(page.includes("default-src 'none'")).toBe(true);
    expect(readdirSync(join(run, "report"))).toEqual(["index.html"]);
    // Questions of 22 sets, and the answers to each for two orders with one seed.
    expect(page.match(/bench\.receive\("samples\/questions-/g)).toHaveLength(22);
    expect(page.match(/bench\.receive\("samples\/answers-/g)).toHaveLength(44);
  });

  test("escapes what comes from data", () => {
    expect(page.includes("task &lt;code&gt;")).toBe(true);
    expect(page.includes('\\"as needed\\" \\u003csoon>')).toBe(true);
    expect(page.includes("<soon>")).toBe(false);
  });

  test("shows every value: no name of the templates is left without one", () => {
    const text = page.replace(/<script>[\s\S]*?<\/script>/g, "");
    expect(text.match(/\{\{|\[object Object\]|undefined|NaN/g)).toBeNull();
  });

  test("links only to anchors and files that are there", () => {
    const ids = new Set([...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));
    for (const [, target] of page.matchAll(/href="([^"]+)"/g)) {
      if (target!.startsWith("#")) expect(ids).toContain(target!.slice(1).split("?")[0]);
      else if (!target!.startsWith("data:")) expect(statSync(join(run, "report", target!)).isFile()).toBe(true);
    }
  });

  test("tables have captions and scoped headings; charts have titles and descriptions", () => {
    const tables = page.match(/<table[\s\S]*?<\/table>/g)!;
    for (const table of tables) {
      expect(table).toContain("<caption");
      for (const [heading] of table.matchAll(/<th[\s>][^>]*/g)) expect(heading).toContain('scope="');
    }
    for (const chart of page.match(/<svg[\s\S]*?<\/svg>/g)!) {
      expect(chart).toMatch(/aria-hidden="true"|role="img" aria-labelledby="\S+-title \S+-description"><title/);
    }
  });

  test("says that its data is generated", () => {
    expect(page.includes("generated data")).toBe(true);
  });

  test("is the same each time", async () => {
    await reporter("html").render(run, join(directory, "second", "report"), reportContext);
    const strip = (text: string) => text.replace(/href="[^"#]*cells\/[^"]*"|"base":"[^"]*"/g, "");
    expect(strip(readFileSync(join(directory, "second", "report", "index.html"), "utf8"))).toBe(strip(page));
  });
});

test("what exceeds the inline limit is written to shards, and nothing else", async () => {
  const large = join(directory, "large");
  const { cells, trainers, orders } = writeFixtureRun(large, {
    orders: 13,
    seeds: 1,
    sharedSeeds: true,
    only: ["sequential", "joint", "replay", "ewc"],
  });
  const out = join(large, "report");
  mkdirSync(join(out, "shards", "samples"), { recursive: true });
  writeFileSync(join(out, "shards", "samples", "stale.js"), "");
  const [file, shards] = await reporter("html").render(large, out, reportContext);
  const text = readFileSync(file!, "utf8");
  expectWellFormed(text);
  expect(text.length).toBeLessThan(5_000_000);
  const inline = [...text.matchAll(/bench\.receive\("samples\/([\w-]+)"/g)].map(([, id]) => id!);
  const files = readdirSync(join(shards!, "samples")).map((name) => name.replace(".js", ""));
  const keys = [...inline, ...files];
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.filter((key) => key.startsWith("answers-"))).toHaveLength((22 * cells.length) / trainers.length);
  expect(files.length).toBeGreaterThan(0);
  expect(inline).toContain("questions-21");
  expect(inline).toContain("answers-0-0-21");
  const asked = [...text.matchAll(/data-shard="([^"]+)"/g)].map(([, key]) => key!);
  expect(asked).toHaveLength(2 * (orders.length - 12));
  for (const key of asked) {
    const received: Record<string, string> = {};
    const receive = (name: string, content: string) => {
      received[name] = content;
    };
    new Function("bench", readFileSync(join(shards!, `${key}.js`), "utf8"))({ receive });
    expect(Object.keys(received)).toEqual([key]);
    expectWellFormed(received[key]!);
  }
});

test("curves within tasks are drawn if measured, and not mentioned otherwise", async () => {
  const observed = join(directory, "observed");
  writeFixtureRun(observed, {
    orders: 17,
    seeds: 2,
    sharedSeeds: true,
    observed: true,
    only: ["replay", "joint", "ewc"],
  });
  const [file, shards] = await reporter("html").render(observed, join(observed, "report"), reportContext);
  const text = readFileSync(file!, "utf8");
  expectWellFormed(text);
  const section = text.match(/<section id="within-task"[\s\S]*?<\/section>/)![0];
  expect(section.match(/<figcaption>/g)).toHaveLength(2 * 16);
  expect(section).toContain("every 10 steps, on 25 items per task, mean of 2 seeds");
  expect(section).toMatch(/<desc[^>]*>stance: at most \d+\.\d at step \d+, then at least \d+\.\d at step \d+, /);
  expect(text).toContain(
    '<a href="#metric-stability-gap.bench-1" data-metric="metric-stability-gap.bench-1">Stability gap</a>',
  );
  let shard = "";
  const receive = (_: string, content: string) => {
    shard = content;
  };
  new Function("bench", readFileSync(join(shards!, "within-task-curves-17.js"), "utf8"))({ receive });
  expect(shard.match(/<figcaption>/g)).toHaveLength(2);
  expect(section).toContain('data-shard="within-task-curves-17"');
  const page = readFileSync(join(run, "report", "index.html"), "utf8");
  expect(page).not.toMatch(/id="within-task"|href="#within-task"/);
  expect(page).not.toContain(">Stability gap</a>");
});

test("the Markdown report holds findings, leaderboard, failures and the command", async () => {
  const [file] = await reporter("markdown").render(run, join(run, "report"), reportContext);
  const text = readFileSync(file!, "utf8");
  expect(text).toMatch(/^# .*\(generated data\)$/m);
  expect(text).toContain("| upper bound | joint | all past data |");
  expect(text).toContain(
    "| lora, order-2, seed 1001 | failed | DIVERGED: the loss is not finite at step 214 of task <code> |",
  );
  expect(text).toContain("Reproduce: `bench run trace-seq --orders 2 --seeds 1`");
  const widths = new Set(
    text
      .split("\n\n")
      .find((part) => part.startsWith("| Rank"))!
      .split("\n")
      .map((line) => line.split("|").length),
  );
  expect(widths.size).toBe(1);
});

test("the JSON report is the leaderboard", async () => {
  const [file] = await reporter("json").render(run, join(run, "report"), reportContext);
  const board = JSON.parse(readFileSync(file!, "utf8"));
  expect(board.schema).toBe("leaderboard@1");
  expect(board.leaderboard).toHaveLength(7);
});

test("a directory without a run is a clear error", async () => {
  await expect(reporter("html").render(directory, directory, reportContext)).rejects.toMatchObject({ code: "STORAGE" });
});
