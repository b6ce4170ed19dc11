import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { openJudge } from "../../../harness/app/checkpoints/judge-checkpoint.js";
import type { Alert } from "../../../harness/contract/alert.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { type AlertMessage, signatureOf } from "../../../harness/run/alerts/webhook.js";
import { newDirectory } from "../../files.js";
import { MisbehavingServer, misbehavior } from "../misbehaving-server.js";
import { bench, words, wordsModel } from "./support.js";

const table = JSON.parse(readFileSync(join(wordsModel, "weights.json"), "utf8")) as unknown[];
const flags = ["words", "--trainer", "memory-frozen", "--quick", "--json", "--interval", "0.3"];

/** `bench watch`, with the words suite built in. */
const watch = (directory: string, given: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  bench(["watch", ...given], directory, environment, [words]);

/** A checkpoint that knows less the more entries it lacks. */
function write(directory: string, lacking: number): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "weights.json"), JSON.stringify(table.slice(lacking)));
}

it("evaluates existing checkpoints, oldest first; reports unusable ones; reuses all results the next time", async () => {
  const directory = newDirectory();
  const watched = join(directory, "output");
  for (const [index, name] of ["late", "early"].entries()) {
    write(join(watched, name), index);
    utimesSync(join(watched, name, "weights.json"), 2000 - index, 2000 - index);
  }
  mkdirSync(join(watched, "logs"));
  mkdirSync(join(watched, "broken"));
  writeFileSync(join(watched, "broken", "weights.json"), "{}");
  const spoken = await watch(directory, [watched, ...flags, "--once"]);
  const lines = spoken.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ checkpoint, asked, error }) => [checkpoint.split("/").at(-1), asked ?? error.code])).toEqual([
    ["early", 132],
    ["late", 132],
    ["broken", "MODEL_INVALID"],
  ]);
  expect(spoken.code).toBe(2);
  const again = await watch(directory, [watched, ...flags.filter((flag) => flag !== "--json"), "--once"]);
  expect(again.stdout).toMatch(/early {2}[\d.]+ {2}known .*\n.*late {2}[\d.]+ \([+−]?[\d.]+\) {2}known/);
});

it("waits until a checkpoint is complete, evaluates new ones, and ends on Ctrl-C", async () => {
  const directory = newDirectory();
  const watched = join(directory, "output");
  mkdirSync(watched);
  const given = ["watch", watched, ...flags, "--plugin", words];
  const child = spawn(process.execPath, [join(packageRoot, "bin", "bench.js"), ...given], {
    cwd: directory,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const until = async (lines: number) => {
    while (text.split("\n").length <= lines) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const growing = join(watched, "growing");
  write(growing, 2);
  for (let step = 0; step < 8; step++) {
    writeFileSync(join(growing, "weights.json"), JSON.stringify(table).slice(0, 40 * (step + 1)));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  write(growing, 0);
  await until(1);
  expect(JSON.parse(text)).toMatchObject({ checkpoint: growing, asked: 132 }); // never seen half written
  const hidden = join(directory, "next");
  cpSync(growing, hidden, { recursive: true });
  renameSync(hidden, join(watched, "next"));
  await until(2);
  expect(JSON.parse(text.split("\n")[1]!)).toMatchObject({ asked: 0, known: 132 });
  child.kill("SIGINT");
  expect(await ended).toBe(0);
});

it("judges each checkpoint against the one before or a baseline, as the gate does; the same again", async () => {
  const directory = newDirectory();
  const watched = join(directory, "output");
  const forgotten = { "step-200": 10, "step-1000": 10, "step-100": 0 };
  for (const [name, nouns] of Object.entries(forgotten)) write(join(watched, name), nouns);
  const judging = [...flags, "--once", "--margin", "op=0.02", "--margin", "probe:weight=0.02", "--against"];
  const spoken = await watch(directory, [watched, ...judging, "previous"]);
  const lines = spoken.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const first = { ...spoken, lines };
  expect(first.stderr).toBe("");
  expect(first.code).toBe(1);
  expect(first.lines.map(({ checkpoint, against, gate }) => [checkpoint, against, gate?.verdict])).toEqual([
    [join(watched, "step-100"), undefined, undefined],
    [join(watched, "step-200"), "step-100", "fail"],
    [join(watched, "step-1000"), "step-200", "pass"],
  ]);
  const [, fallen, unchanged] = first.lines;
  expect(fallen.gate).toMatchObject({
    schema: "gate@1",
    pairedBy: "item",
    metrics: [{ key: "op" }, { key: "probe:weight" }],
  });
  expect(fallen.alerts.map(({ severity, kind, subject }: Alert) => [severity, kind, subject])).toContainEqual([
    "critical",
    "ability",
    "weight",
  ]);
  expect(unchanged.alerts).toEqual([]);

  const text = await watch(directory, [watched, ...judging.filter((flag) => flag !== "--json"), "previous"]);
  expect(text.code).toBe(1);
  expect(text.stdout).toMatch(
    /step-200 .* known .*\n[\s\S]*^ {2}‼ critical: weight fell [\d.]+ → [\d.]+ against step-100/m,
  );
  expect(text.stdout).toMatch(/^ {2}FAIL {2}.* against baseline step-100 on words/m);
  expect(text.stdout).toMatch(/^ {2}probe:weight +−[\d.]+ .* FAIL$/m);

  const margins = { op: 0.02, "probe:weight": 0.02 };
  const evaluate = vi.fn(() => Promise.resolve(first.lines[0]));
  for (const against of [first.lines[0].directory, watched]) {
    const judge = await openJudge({ against, margins }, evaluate);
    const judgments = first.lines.map((line) => judge(line)!);
    expect(judgments.map(({ gate }) => gate.verdict)).toEqual(["pass", "fail", "fail"]);
    expect(judgments[1]!.gate.metrics).toEqual(fallen.gate.metrics);
  }
  expect(evaluate).toHaveBeenCalledTimes(1); // only what is no run is evaluated
});

it("takes alerts to the webhook of the configuration, signed, each until it was taken once", async () => {
  const directory = newDirectory();
  const watched = join(directory, "output");
  for (const [name, nouns] of Object.entries({ "step-100": 0, "step-200": 10 })) write(join(watched, name), nouns);
  writeFileSync(
    join(directory, "alerts.yaml"),
    "alerts: { webhook: { url: env:HOOK, secretVariable: HOOK_KEY, timeoutSeconds: 5, retries: 0 } }\n",
  );
  const judged = ["--once", "--margin", "op=0.02", "--against", "previous", "--config", "alerts.yaml"];
  const given = [watched, ...flags, ...judged];
  const watchWith = async (url: string) => {
    const spoken = await watch(directory, given, { HOOK: url, HOOK_KEY: "a key" });
    const lines = spoken.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { alerts?: Alert[] });
    return { ...spoken, alerts: lines.flatMap(({ alerts = [] }) => alerts) };
  };
  const deaf = new MisbehavingServer([], misbehavior.status(404));
  const first = await watchWith(`${await deaf.start()}/hook?token=secret`);
  expect(first.code).toBe(1); // a webhook changes no verdict
  expect(first.stderr).toMatch(/^note: an alert did not reach the webhook: .*404/m);
  expect(first.stderr).not.toContain("secret");
  expect(deaf.received).toHaveLength(first.alerts.length);
  deaf.stop();

  const server = new MisbehavingServer([], misbehavior.text("ok"));
  const url = await server.start();
  const again = await watchWith(url);
  expect(again.alerts).toEqual(first.alerts);
  expect(again.alerts.length).toBeGreaterThan(0);
  const messages = server.received.map(({ body }) => JSON.parse(body) as AlertMessage);
  expect(messages.map(({ alert }) => alert)).toEqual(again.alerts);
  expect(messages[0]!).toMatchObject({ schema: "alert@1", against: "step-100", run: { suite: "words" } });
  expect(messages[0]!.text).toMatch(/^bench critical: step-200: .* against step-100 /);
  for (const { headers, body } of server.received) {
    const timestamp = headers["x-bench-timestamp"] as string;
    expect(headers["x-bench-signature"]).toBe(signatureOf("a key", timestamp, body));
  }
  expect(await watchWith(url)).toMatchObject({ code: 1, stderr: "", alerts: first.alerts });
  expect(server.received).toHaveLength(messages.length); // none is sent twice
  server.stop();
  const refused = await watch(directory, given, { HOOK: "nonsense" });
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: "CONFIG_INVALID" } });
});

it.each([
  [["--margin", "op=0.02"], "nothing is compared"],
  [["--against", "previous", "--margin", "bwt=0.02"], "bwt is a change by learning"],
])("refuses %j: %s", async (given, message) => {
  const directory = newDirectory();
  write(join(directory, "output", "step-1"), 0);
  const quiet = flags.filter((flag) => flag !== "--json");
  const { code, stderr } = await watch(directory, ["output", ...quiet, "--once", ...given]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
});

it.each([
  [{ against: "previous" }, "no margin is declared"],
  [{ against: "./nowhere", margins: { op: 0.02 } }, "there is no run and no checkpoint at ./nowhere"],
  [{ against: "nobody", margins: { op: 0.02 } }, 'there is no baseline "nobody"'],
])("refuses %j before anything is evaluated: %s", async (options, message) => {
  await expect(openJudge(options, () => Promise.reject(new Error("evaluated")))).rejects.toThrow(message);
});
