import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { type AlertSettings, defaultAlerts } from "../../../harness/contract/alert.js";
import { type AlertMessage, signatureOf } from "../../../harness/run/alerts/webhook.js";
import { readRun } from "../../../harness/run/store/store.js";
import { newDirectory } from "../../files.js";
import { MisbehavingServer, misbehavior } from "../misbehaving-server.js";
import { configure, matricesOf, run } from "../run/support.js";

let server: MisbehavingServer | undefined;
afterEach(() => {
  vi.unstubAllEnvs();
  server?.stop();
  server = undefined;
});

const alertsOf = (directory: string) => Object.values(readRun(directory).cells).flatMap(({ alerts }) => alerts);
const settings = (changes: Partial<AlertSettings>): AlertSettings => ({ ...defaultAlerts, ...changes });
const webhook = (url: string, retries = 3) => ({ url, secretVariable: "TEST_KEY", timeoutSeconds: 5, retries });

it("raises alerts in the run: in the journal and on the display, without a change of any result", async () => {
  const [watched, blind] = [newDirectory(), newDirectory()];
  const never = { warning: null, critical: null };
  const outcome = await run(configure(watched, {}, "sequential"));
  await run(configure(blind, { alerts: settings({ task: never, ability: never, safety: never }) }, "sequential"));
  const alerts = alertsOf(watched);
  expect(alerts.some(({ kind, severity }) => kind === "task" && severity === "critical")).toBe(true);
  expect(outcome.events.flatMap((event) => (event.type === "alert" ? [event.alert] : []))).toEqual(alerts);
  expect(outcome.status).toBe("done");
  expect(alertsOf(blind)).toEqual([]);
  expect(matricesOf(watched)).toEqual(matricesOf(blind));
});

it("ends the cell at the task that raised it when asked, keeps what is finished, and goes on when allowed", async () => {
  const directory = newDirectory();
  const strict = settings({
    failOn: "critical",
    noise: null,
    ability: { warning: null, critical: null },
    safety: { warning: null, critical: null },
  });
  const stopped = await run(configure(directory, { alerts: strict }, "sequential", "frozen"));
  expect(stopped).toMatchObject({ status: "failed", done: 1, failed: 1 });
  const [failure] = stopped.failures;
  expect(failure).toMatchObject({ cell: { trainer: "sequential" }, error: { code: "ALERT" } });
  expect(failure!.error.message).toMatch(/^stopped after size: colour fell [\d.]+ → [\d.]+ since it was learned/);
  const { rows } = readRun(directory).cells[failure!.cell.id]!;
  expect(rows.map(({ row }) => row)).toEqual([0, 1, 2]);

  const again = await run(configure(directory, { alerts: strict, retryFailed: true }, "sequential", "frozen"));
  expect(again.failures[0]!.error).toMatchObject({ code: "ALERT", message: failure!.error.message });
  expect(readRun(directory).cells[failure!.cell.id]!.rows).toHaveLength(3); // nothing was computed again

  const lenient = { alerts: { ...strict, failOn: "never" as const }, retryFailed: true };
  const allowed = await run(configure(directory, lenient, "sequential", "frozen"));
  expect(allowed).toMatchObject({ status: "done", done: 2 });
  const whole = newDirectory();
  await run(configure(whole, { alerts: { ...strict, failOn: "never" } }, "sequential", "frozen"));
  expect(matricesOf(directory)).toEqual(matricesOf(whole));
  const onTasks = (path: string) => alertsOf(path).filter(({ kind }) => kind === "task");
  expect(onTasks(directory)).toEqual(onTasks(whole)); // each once, over all three sessions
});

it("delivers signed alerts to a webhook that misbehaves", async () => {
  const wait = { "retry-after": "1" };
  const { status, hang, reset } = misbehavior;
  server = new MisbehavingServer([status(500), hang(), reset(), status(429, wait)], misbehavior.text("ok"));
  const url = await server.start();
  vi.stubEnv("TEST_KEY", "a key");
  vi.stubEnv("TEST_HOOK", `${url}/hook?token=1`);
  const directory = newDirectory();
  const changes = { alerts: settings({ webhook: webhook("env:TEST_HOOK", 4) }), workers: 1 };
  const outcome = await run(configure(directory, changes, "sequential"));
  expect(outcome.status).toBe("done");
  const alerts = alertsOf(directory);
  const well = server.received.slice(4);
  const last = new Map(server.received.map((request) => [request.headers["x-bench-delivery"], request]));
  expect([...last.keys()].sort()).toEqual(alerts.map(({ id }) => id).sort());
  expect(well.length).toBeGreaterThanOrEqual(alerts.length);
  for (const { headers, body } of server.received) {
    const timestamp = headers["x-bench-timestamp"] as string;
    expect(headers["x-bench-signature"]).toBe(signatureOf("a key", timestamp, body));
    expect(signatureOf("another", timestamp, body)).not.toBe(headers["x-bench-signature"]);
    const message = JSON.parse(body) as AlertMessage;
    expect(message).toMatchObject({ schema: "alert@1", run: { suite: "words" }, cell: { trainer: "sequential" } });
    expect(alerts).toContainEqual(message.alert);
  }
  const { delivered } = Object.values(readRun(directory).cells)[0]!;
  expect([...delivered].sort()).toEqual(alerts.map(({ id }) => id).sort());
  expect(JSON.stringify(readRun(directory).run)).not.toContain("token");
});

it("gives up on a webhook that is gone, says so, and delivers when it is back", async () => {
  server = new MisbehavingServer([], misbehavior.status(404));
  const url = await server.start();
  const directory = newDirectory();
  const changes = (address: string) => ({ alerts: settings({ webhook: webhook(address, 2) }) });
  const outcome = await run(configure(directory, changes(url), "sequential"));
  expect(outcome.status).toBe("done"); // a webhook never fails a run
  const notices = outcome.events.flatMap((event) => (event.type === "notice" ? [event.text] : []));
  expect(notices).toContain(`an alert did not reach the webhook: ${url}: it answered 404: busy`);
  expect(server.received).toHaveLength(alertsOf(directory).length); // 404 is not worth another attempt
  const back = new MisbehavingServer([], misbehavior.text(""));
  const again = await run(configure(directory, changes(await back.start()), "sequential"));
  expect(again.stored).toBe(true);
  expect(back.received).toHaveLength(alertsOf(directory).length);
  const quiet = await run(configure(directory, changes(url), "sequential"));
  expect(quiet.events.filter((event) => !(event.type === "notice" && /prompt|row/.test(event.text)))).toEqual([]);
  back.stop();
});

it("refuses a webhook without an address before anything runs", async () => {
  const directory = newDirectory();
  const missing = configure(
    directory,
    { alerts: settings({ webhook: webhook("env:NO_SUCH_VARIABLE") }) },
    "sequential",
  );
  await expect(run(missing)).rejects.toMatchObject({ code: "CONFIG_INVALID", message: /NO_SUCH_VARIABLE/ });
  expect(existsSync(join(directory, "cells"))).toBe(false);
});
