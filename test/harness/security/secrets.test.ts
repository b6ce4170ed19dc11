import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { redactAddress, redactCredentials, redactPaths } from "../../../harness/contract/redact.js";
import { filesOf, newDirectory } from "../../files.js";
import { bench, benchProcess, words, wordsModel } from "../cli/support.js";
import { MisbehavingServer } from "../misbehaving-server.js";

/** Nothing that is written may hold it. */
const canary = "CANARY-5ecret";

const holding = (directory: string, text: string): string[] =>
  filesOf(directory).filter((path) => readFileSync(join(directory, path)).includes(text));

test("a webhook's address and a password stay out of everything that a run writes and publishes", async () => {
  // an alert that is not taken is written about, too
  const server = new MisbehavingServer([], ({ path }, response) =>
    response.writeHead(500).end(`no such hook: ${path}`),
  );
  const { host } = new URL(await server.start());
  const directory = newDirectory();
  const home = join(directory, "private-home");
  mkdirSync(home);
  const configuration = {
    suite: { name: "words", options: {} },
    plugins: [words],
    trainers: ["memory-sequential"],
    workers: 1,
    out: join(home, "run"),
    alerts: {
      task: { warning: 0, critical: 0.01 },
      budget: { seconds: 1e-9 },
      webhook: {
        url: `http://user-${canary}:${canary}@${host}/hooks/${canary}?token=${canary}`,
        secretVariable: "WEBHOOK_SECRET",
        timeoutSeconds: 5,
        retries: 0,
      },
    },
  };
  writeFileSync(join(directory, "bench.json"), JSON.stringify(configuration));
  const environment = { WEBHOOK_SECRET: canary, HF_TOKEN: canary };
  const run = await benchProcess(["run", "--config", "bench.json"], directory, environment);
  server.stop();
  expect(run.code, run.stderr).toBe(0);
  expect(server.received.length).toBeGreaterThan(0); // it was really used
  expect(server.received[0]!.path).toContain(canary);
  expect(holding(home, canary)).toEqual([]);
  expect(run.stdout + run.stderr).not.toContain(canary);
  const record = JSON.parse(readFileSync(join(home, "run/run.json"), "utf8"));
  expect(record.config.alerts.webhook.url).toBe(`http://${host}/[redacted]`);

  const stored = join(home, "run");
  const [cell] = readdirSync(join(stored, "cells"));
  const gate = ["gate", stored, "--margin", "op=0.1"];
  const files = ["markdown", "junit", "sarif", "html"].flatMap((format) => [`--${format}`, `out/gate.${format}`]);
  writeFileSync(join(directory, "policy.yaml"), "metrics: { right: { margin: 0.1 } }\n");
  mkdirSync(join(directory, "out"));
  for (const given of [
    ["leaderboard", stored, "--with-reports", "--out", "board"],
    ...["csv", "parquet", "mlflow", "tensorboard", "wandb"].map((to) => [
      ...["export", stored, "--to", to],
      ...["--out", `out/${to}`],
    ]),
    ["report", stored, "--reporter", "html,markdown,json", "--out", "out/report"],
    ["history", stored, "--out", "out/history"],
    ["gate", "bless", stored, "--reason", "release"],
    [...gate, ...files],
    ["claims", "--run", stored, "--json"],
    ["validate", stored],
    ["registry", "add", "m", `${stored}/${cell}`, "--plugin", words],
    ["registry", "add", "m", wordsModel, "--plugin", words],
    ["registry", "alias", "m@1", "champion", "--reason", "first"],
    ["rollout", "start", "m@2", "--policy", "policy.yaml"],
    ["rollout", "status", "m", "--json"],
  ]) {
    const { code, stdout, stderr } = await bench(given, directory, environment);
    expect([0, 3], given.join(" ") + stderr).toContain(code); // a gate of one order does not decide
    expect(stdout + stderr).not.toContain(canary);
  }
  for (const place of ["board", "out", "baselines", "registry"]) {
    expect(filesOf(join(directory, place)).length, place).toBeGreaterThan(0);
    expect(holding(join(directory, place), canary), place).toEqual([]);
  }
  expect(holding(join(directory, "board"), "private-home")).toEqual([]);
  expect(holding(join(directory, "board"), directory)).toEqual([]);
  expect(holding(join(directory, "out", "csv"), directory)).toEqual([]);
});

test("the key of a server stays out of what an evaluation writes", async () => {
  const answer = { model: "m", choices: [{ text: "A", index: 0, finish_reason: "stop" }], data: [{ id: "m" }] };
  const server = new MisbehavingServer([], (_, response) => void response.end(JSON.stringify(answer)));
  const url = await server.start();
  const directory = newDirectory();
  const given = ["evaluate", `${url}/v1?key=MY_KEY`, "words", "--quick", "--out", "run"];
  const spoken = await bench(given, directory, { MY_KEY: canary, HF_TOKEN: canary }, [words]);
  server.stop();
  expect(spoken.code, spoken.stderr).toBe(0);
  expect(server.received.map(({ headers }) => headers.authorization)).toContain(`Bearer ${canary}`);
  expect(holding(directory, canary)).toEqual([]);
  expect(spoken.stdout + spoken.stderr).not.toContain(canary);
});

test.each([
  ["https://hooks.example.com/services/T0/B0/xyz", "https://hooks.example.com/[redacted]"],
  ["https://u:p@example.com", "https://example.com/[redacted]"],
  ["https://example.com?key=1", "https://example.com/[redacted]"],
  ["https://example.com/", "https://example.com/"],
  ["env:ALERTS_URL", "env:ALERTS_URL"],
])("the address %s is stored as %s", (address, stored) => expect(redactAddress(address)).toBe(stored));

test.each([
  ["bench evaluate http://me:pw@host:8000/v1?api=chat", "bench evaluate http://[redacted]@host:8000/v1?api=chat"],
  ["http://host/v1?api_key=abc&api=chat#m", "http://host/v1?api_key=[redacted]&api=chat#m"],
  ["http://host/v1?access_token=abc", "http://host/v1?access_token=[redacted]"],
  ["write to me@example.com about http://host/", "write to me@example.com about http://host/"],
])("credentials in %s", (text, stored) => expect(redactCredentials(text)).toBe(stored));

test.each([
  ["/home/me/models/tiny", "…/tiny"],
  ["bench run /home/me/data --model=/srv/m/x.bin", "bench run …/data --model=…/x.bin"],
  ["C:\\Users\\me\\model", "…/model"],
  ["file:///home/me/plugin.mjs", "…/plugin.mjs"],
  ["hf://owner/name@main", "hf://owner/name@main"],
  ["https://host/a/b", "https://host/a/b"],
  ["TRACE, arXiv 2310.06762; yes/no/maybe", "TRACE, arXiv 2310.06762; yes/no/maybe"],
  ["./data/x", "./data/x"],
])("paths in %s", (text, published) => expect(redactPaths(text)).toBe(published));
