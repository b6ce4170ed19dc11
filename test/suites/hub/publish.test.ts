import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mergeLeaderboard } from "../../../harness/app/merge-leaderboard.js";
import type { Board } from "../../../harness/contract/board.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { publishedText } from "../../../harness/run/store/published-run.js";
import { readRun } from "../../../harness/run/store/store.js";
import { rooms } from "../../../rooms.js";
import { writeFixtureRun } from "../../reports/fixture/write-run.js";
import { HubServer, type ServedRepository } from "./hub-server.js";

const reference = "hf://datasets/owner/board";
const registry = await loadRegistry(rooms);
let server: HubServer;
let home: string;
let repository: ServedRepository;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "bench-publish-"));
  const files = [{ path: ".gitattributes", content: Buffer.from("") }];
  repository = { id: "datasets/owner/board", refs: { main: "1".repeat(40) }, files };
  server = new HubServer([repository]);
  vi.stubEnv("HF_ENDPOINT", await server.start());
  vi.stubEnv("HF_HOME", join(home, "cache"));
  vi.stubEnv("HF_TOKEN", "hf_x");
  for (const name of ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE"]) vi.stubEnv(name, undefined);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
  rmSync(home, { recursive: true, force: true });
});

/** A run of one trainer on a model of that name. */
function run(model: string): string {
  const directory = join(home, model);
  writeFixtureRun(directory, { orders: 2, seeds: 1, only: ["ewc"], model });
  return directory;
}

const push = (model: string) =>
  mergeLeaderboard([run(model)], { out: join(home, `out-${model}`), push: reference }, registry);

const served = (path: string) => repository.files.find((file) => file.path === path)!.content.toString();
const models = (board: Board) => board.leaderboard.map(({ model }) => model.reference).sort();

test("a leaderboard is published whole, and the next one is merged with it", async () => {
  const first = await push("one");
  expect(first.pushed).toBe(`http://hub/commit/${repository.refs.main}`);
  expect(repository.files.map(({ path }) => path.replace(/-\w{4}\.json$/, "-*.json")).sort()).toEqual([
    ".gitattributes",
    "index.html",
    "leaderboard.csv",
    "leaderboard.json",
    "runs/trace-seq-fixture-*.json",
  ]);
  expect(models((await push("two")).board)).toEqual(["one", "two"]);
  expect(models(JSON.parse(served("leaderboard.json")))).toEqual(["one", "two"]);
  expect(served("leaderboard.csv").trim().split("\n")).toHaveLength(3);
  expect(served("index.html")).toBe(readFileSync(join(home, "out-two", "index.html"), "utf8"));
});

test("what others publish meanwhile is merged, not overwritten", async () => {
  const foreign = readRun(run("foreign"));
  let conflicts = 0;
  server.meanwhile = () => {
    if (conflicts++ > 0) return;
    const content = Buffer.from(publishedText(foreign));
    server.commit(repository, [{ path: `runs/${foreign.run.id}.json`, content }]);
  };
  const { board } = await push("one");
  expect(conflicts).toBe(2);
  expect(models(board)).toEqual(["foreign", "one"]);
  expect(models(JSON.parse(served("leaderboard.json")))).toEqual(["foreign", "one"]);
});

test("a repository that never rests ends in an error, and keeps what others wrote", async () => {
  let commits = 0;
  server.meanwhile = () => server.commit(repository, [{ path: "notes.txt", content: Buffer.from(`${commits++}`) }]);
  await expect(push("one")).rejects.toMatchObject({ code: "HUB_UNAVAILABLE", fix: "Try again later." });
  expect(commits).toBe(5);
  expect(repository.files.map(({ path }) => path).sort()).toEqual([".gitattributes", "notes.txt"]);
});

test("a published leaderboard is read again, from the Hub and from its directory", async () => {
  await push("one");
  const options = { out: join(home, "again") };
  const { board, pushed } = await mergeLeaderboard([reference, join(home, "out-one"), run("two")], options, registry);
  expect(pushed).toBeNull();
  expect(models(board)).toEqual(["one", "two"]);
  expect(readdirSync(join(home, "again", "runs"))).toHaveLength(2);
});

test("no token, no repository, a model instead of a data set: what is wrong and what to do", async () => {
  vi.stubEnv("HF_TOKEN", "");
  await expect(push("one")).rejects.toMatchObject({ code: "USAGE", fix: expect.stringContaining("HF_TOKEN") });
  vi.stubEnv("HF_TOKEN", "hf_x");
  const to = (target: string) => mergeLeaderboard([run("one")], { out: join(home, "out"), push: target }, registry);
  await expect(to("hf://datasets/owner/absent")).rejects.toMatchObject({ code: "HUB_UNAVAILABLE" });
  await expect(to("hf://owner/board")).rejects.toMatchObject({ code: "USAGE" });
  await expect(to("board")).rejects.toMatchObject({ code: "USAGE" });
});
