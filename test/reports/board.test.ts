import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { buildBoard } from "../../harness/metrics/index.js";
import { readRun } from "../../harness/run/store/store.js";
import { renderBoard } from "../../reports/html.js";
import { boardView } from "../../reports/view-models/board.js";
import { reportContext } from "./fixture/html-page.js";
import { writeFixtureRun } from "./fixture/write-run.js";
import { expectWellFormed } from "./markup.js";

const directory = mkdtempSync(join(tmpdir(), "bench-board-page-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

writeFixtureRun(join(directory, "one"), { orders: 3, seeds: 2, failing: "lora" });
writeFixtureRun(join(directory, "two"), { orders: 4, seeds: 2, only: ["replay", "joint"], model: "owner/<other>" });
const board = buildBoard([readRun(join(directory, "one")), readRun(join(directory, "two"))]);
const view = boardView(board);

test("entries can be filtered by privileges and model, but not by an engine that all share", () => {
  expect(view.filters.map(({ title, values }) => [title, values])).toEqual([
    [
      "Privileges",
      ["a buffer of past data, general items", "all past data", "no past data", "no past data, task id at test"],
    ],
    ["Model", [expect.stringMatching(/^owner\/<other> \w{4}$/), expect.stringMatching(/^trace-seq\/model \w{4}$/)]],
  ]);
  for (const { origin } of view.leaderboard.rows) {
    for (const { key, values } of view.filters) expect(values).toContain(origin![key as "model" | "privileges"]);
  }
});

test("each cell has one address, and those outside of the grid are marked", () => {
  const cells = view.cells.flatMap(({ rows }) => rows.flatMap((row) => row.cells));
  const anchors = cells.map(({ anchor }) => anchor).filter(Boolean);
  expect(new Set(anchors).size).toBe(anchors.length);
  const planned = board.leaderboard.flatMap(({ results }) => results.flatMap(({ id }) => id ?? []));
  expect(anchors.sort()).toEqual([...new Set(planned)].sort());
  expect(cells.filter(({ outside }) => outside)).toHaveLength(4);
});

test("the page is one well-formed file that loads nothing and links to what is on it", async () => {
  const [path] = await renderBoard(board, join(directory, "board"), reportContext);
  const page = readFileSync(path!, "utf8");
  expectWellFormed(page);
  expect(page.replaceAll('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  expect(page.replace(/<script>[\s\S]*?<\/script>/g, "")).not.toMatch(/\{\{|\[object Object\]|undefined|NaN|<other>/);
  const ids = new Set([...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id));
  for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  for (const { id } of board.leaderboard) expect(ids).toContain(`trainer-${id}`);
});
