import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { mergeLeaderboard } from "../../../harness/app/leaderboard/merge-leaderboard.js";
import { toBenchError } from "../../../harness/contract/errors.js";
import type { Board } from "../../../harness/contract/results/board.js";
import { loadRegistry } from "../../../harness/plugins.js";
import { publishedText } from "../../../harness/run/store/published-run.js";
import { readRun } from "../../../harness/run/store/store.js";
import { rooms } from "../../../rooms.js";
import { removeDigests } from "../../harness/run/fixtures/without-digests.js";
import { writeFixtureRun } from "../../reports/fixture/write-run.js";
import { allowedSigner, hasSshKeygen, makeKey } from "../../ssh-keys.js";
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
    "README.md",
    "index.html",
    "leaderboard.csv",
    "leaderboard.json",
    "reports.json",
    "runs/trace-seq-fixture-*.json",
  ]);
  expect(models((await push("two")).board)).toEqual(["one", "two"]);
  expect(models(JSON.parse(served("leaderboard.json")))).toEqual(["one", "two"]);
  expect(served("leaderboard.csv").trim().split("\n")).toHaveLength(3);
  expect(served("index.html")).toBe(readFileSync(join(home, "out-two", "index.html"), "utf8"));
});

test.skipIf(!hasSshKeygen())(
  "a signed leaderboard is published with its signature, and merged by those who ask for one",
  async () => {
    const [key, signers] = [join(home, "key"), join(home, "allowed_signers")] as [string, string];
    makeKey(key);
    writeFileSync(signers, allowedSigner("alice", key));
    const push = (model: string, sign?: string) =>
      mergeLeaderboard([run(model)], { out: join(home, `out-${model}`), push: reference, sign, signers }, registry);
    await push("one", key);
    expect(models((await push("two", key)).board)).toEqual(["one", "two"]);
    expect(served("SHA256SUMS").match(/ {2}runs\//g)).toHaveLength(2);
    await push("three"); // nobody signs what it adds
    await expect(push("four", key)).rejects.toMatchObject({ code: "SIGNATURE_INVALID" });
  },
);

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

test("what goes wrong on this machine is not blamed on the Hub", async () => {
  writeFileSync(join(home, "file"), "");
  const pushed = mergeLeaderboard([run("one")], { out: join(home, "file", "out"), push: reference }, registry);
  const error = toBenchError(await pushed.catch((thrown: unknown) => thrown));
  expect(error).toMatchObject({ code: "STORAGE", message: expect.stringContaining(join(home, "file")) });
  expect(error.message).not.toContain("Hub");
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

test("the card has a header, a title, the entries, how to submit, and links to what is there", async () => {
  const submission = join(home, "submission.md");
  writeFileSync(submission, "## Rules\n\nOne model a week.");
  const out = join(home, "out");
  const words = { out, push: reference, title: "Forgetting | in 8 tasks", submission, withReports: true };
  await mergeLeaderboard([run("one")], words, registry);
  const card = served("README.md");
  const [, header, body] = /^---\n([\s\S]*?)---\n([\s\S]*)$/.exec(card)!;
  expect(parse(header!)).toEqual({
    pretty_name: "Forgetting | in 8 tasks",
    tags: ["leaderboard", "benchmark", "continual-learning", "trace-bench"],
    configs: [{ config_name: "leaderboard", data_files: "leaderboard.csv" }],
  });
  expect(body).toContain("# Forgetting | in 8 tasks");
  expect(body).toContain("## Rules\n\nOne model a week.");
  expect(body).toMatch(/\| 1 \| ewc \| one \| [\d.]+ \| −?[\d.]+ \| 2 of 2 \||\| – \| ewc \| one \|/);
  const links = [...body!.matchAll(/\]\(([^)#]+)(?:#\w+)?\)/g)].map(([, link]) => link!);
  expect(links.filter((link) => link.startsWith("reports/"))).toHaveLength(2);
  const paths = repository.files.map(({ path }) => path);
  for (const link of links) expect(paths).toContain(link);
  const report = served(links.find((link) => link.startsWith("reports/"))!);
  expect(report).toContain('id="samples"');
  expect(paths.filter((path) => path.endsWith("samples.jsonl"))).toHaveLength(2);
  expect(paths.filter((path) => path.includes("checkpoint"))).toEqual([]);
});

test("what owners wrote in a card stays; the parts of bench are renewed, and reports stay linked", async () => {
  await mergeLeaderboard([run("one")], { out: join(home, "first"), push: reference, withReports: true }, registry);
  const edited = served("README.md")
    .replace("pretty_name: ", "license: mit\npretty_name: Mine, not ")
    .replace("# Leaderboard of", "# My board of")
    .concat("\nThanks to all.\n");
  server.commit(repository, [{ path: "README.md", content: Buffer.from(edited) }]);
  await push("two");
  const card = served("README.md");
  for (const kept of ["license: mit", "pretty_name: Mine, not", "# My board of", "Thanks to all."])
    expect(card).toContain(kept);
  expect(card.match(/<!-- bench:board -->/g)).toHaveLength(1);
  expect(card.match(/\[results\]/g)).toHaveLength(2);
  expect(card.match(/\[report\]/g)).toHaveLength(1);
  expect(card).toMatch(/\| ewc \(one\) \| one \|[\s\S]*\| ewc \(two\) \| two \|/);
});

test("a Space gets a page of its own: the card says which, and it is read again", async () => {
  repository.id = "spaces/owner/board";
  const space = "hf://spaces/owner/board";
  await mergeLeaderboard([run("one")], { out: join(home, "one-out"), push: space }, registry);
  expect(parse(/^---\n([\s\S]*?)---/.exec(served("README.md"))![1]!)).toMatchObject({
    ...{ sdk: "static", app_file: "index.html", title: expect.stringContaining("Leaderboard of") },
  });
  const { board } = await mergeLeaderboard([space, run("two")], { out: join(home, "again") }, registry);
  expect(models(board)).toEqual(["one", "two"]);
});

test("names from runs are text in a card, and no report has paths of this machine", async () => {
  const directory = join(home, "odd");
  const options = { orders: 2, seeds: 1, only: ["ewc", "lora"], failing: "lora", model: "[report](http://evil)|<b>" };
  writeFixtureRun(directory, options);
  const record = readFileSync(join(directory, "run.json"), "utf8").replace(
    '"bench run',
    `"bench run --model ${home}/secret`,
  );
  writeFileSync(join(directory, "run.json"), record);
  removeDigests(directory);
  await mergeLeaderboard([directory], { out: join(home, "out"), withReports: true }, registry);
  const card = readFileSync(join(home, "out", "README.md"), "utf8");
  expect(card).not.toMatch(/(?<!\\)[[<|](?:report\]\(http|b>)/);
  const files = readdirSync(join(home, "out"), { recursive: true, encoding: "utf8" }).filter((path) =>
    /\.\w+$/.test(path),
  );
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) expect(readFileSync(join(home, "out", file), "utf8")).not.toContain(home);
});
