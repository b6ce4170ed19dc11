import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Ajv } from "ajv";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { serveDashboard, stateReader } from "../../../harness/app/serving/dashboard.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { MonitorLog } from "../../../harness/registry/monitor-log.js";
import { readFinishedRow } from "../../../harness/run/cell/row.js";
import { lockRun } from "../../../harness/run/store/lock.js";
import { layout } from "../../../harness/run/store/store.js";
import { newDirectory } from "../../files.js";
import { hasChromium, launchChromium, openPage } from "../../reports/chromium.js";
import { bench, benchProcess, words } from "../cli/support.js";
import { compiled, twoVersions } from "../serve/support.js";

const home = newDirectory();
const registry = join(home, "registry");
const runs = join(home, "runs");
const key = "a key of thirty-two characters..";
const hostile = `<img src=x onerror="alert(1)">`;

let app: { serveDashboard: typeof serveDashboard; stateReader: typeof stateReader };
let address: string;
let run: string;
let journal: string[];
const closing: (() => unknown)[] = [];

if (!hasChromium) console.log("The dashboard is not opened in a browser: no Chromium found. Set CHROMIUM_PATH to one.");

/** Leaves of a run what it would have written by now: so many lines of its journal. */
const writeJournal = (lines: number): void =>
  writeFileSync(join(run, layout.journal), journal.slice(0, lines).join(""));

const started = async (options: { keys?: string } = {}): Promise<string> => {
  const { rooms }: { rooms: string[] } = await import(compiled("rooms.js"));
  const settings = { registry, host: "127.0.0.1", port: 0, every: 0.5, ...options };
  const serving = await app.serveDashboard([runs], settings, { builtIns: rooms });
  closing.push(() => serving.server.close());
  return serving.address;
};

const observe = async (candidate: number, champion: number): Promise<void> => {
  const rows = [
    { arm: "candidate", metric: "resolved", value: candidate },
    { arm: "champion", metric: "resolved", value: champion },
  ];
  const file = join(home, "observations.jsonl");
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join("\n"));
  expect(await bench(["rollout", "record", "support", file], home)).toMatchObject({ code: 0 });
};

beforeAll(async () => {
  app = await import(compiled("harness/app/serving/dashboard.js"));
  await twoVersions(home);
  const policy = join(home, "policy.yaml");
  writeFileSync(
    policy,
    "steps: [20, 50]\nminimum: 5\nmetrics:\n  resolved: { margin: 0.1 }\n  refused: { margin: 0.1, lowerIsBetter: true, critical: true }\n",
  );
  const start = ["rollout", "start", "support@2", "--policy", policy, "--reason", hostile];
  expect(await bench(start, home)).toMatchObject({ code: 0 });
  await observe(1, 1);
  const facts = { severity: "critical", kind: "task", model: "support", version: 1, subject: "task.science" } as const;
  const numbers = { before: 1, now: 0.5, threshold: 0.15, items: 30, probability: 0.001, at: "2026-11-27T10:00:00Z" };
  const alert = { ...facts, ...numbers, id: "a", against: "its first answers", text: `task.science fell ${hostile}` };
  await new MonitorLog(registry, "support").append([{ type: "alert", alert }]);
  // a cell that fails in its second task leaves its rows as one that is still worked on does
  const config = { suite: "words", workers: 1, trainers: [{ name: "memory-faulty", options: { fault: "throws" } }] };
  writeFileSync(join(home, "config.json"), JSON.stringify(config));
  expect(await bench(["run", "--config", "config.json", "--plugin", words], home)).toMatchObject({ code: 1 });
  run = join(runs, readdirSync(runs)[0]!);
  journal = readFileSync(join(run, layout.journal), "utf8").split(/(?<=\n)/);
  writeFileSync(join(home, "keys.txt"), `${key}\n`);
  address = await started({ keys: join(home, "keys.txt") });
});

afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

describe("what is shown", () => {
  it("follows a run row by row, with its losses, until nobody works on it", () => {
    const rows = journal.flatMap((line, index) => (line.includes('"row-finished"') ? [index + 1] : []));
    const read = app.stateReader([run], registry, false);
    const seen = () => read().runs[0]!;
    const measured = () => seen().cells[0]!.matrix.map((scores) => scores.every((score) => score !== null));
    const unlock = lockRun(run);
    writeJournal(rows[0]!);
    expect([seen().state, measured()]).toEqual(["running", [true, false, false, false]]);
    const cell = seen().cells[0]!.id;
    const losses = [1, 2, 3].map((step) => ({ step, loss: 1 / step }));
    const working = { cell, row: 1, phase: "learn", done: 3, total: 8, losses };
    const progress = { schema: "progress@1", fraction: 0.25, secondsLeft: 60, cells: [working] };
    writeFileSync(join(run, "progress.json"), JSON.stringify(progress));
    expect(seen().progress).toEqual({ fraction: 0.25, secondsLeft: 60 });
    expect(seen().cells[0]!.learning.at(-1)).toMatchObject({ steps: 8, losses });
    const row = readFinishedRow(run, cell, JSON.parse(journal[rows[0]! - 1]!).event)!;
    const { learningUsage, keepingSeconds } = row.record;
    expect(seen().cells[0]!.spent.seconds).toBe(learningUsage.seconds + row.evaluation.usage.seconds + keepingSeconds);
    for (const line of journal.slice(rows[0]!, rows[1]!)) appendFileSync(join(run, layout.journal), line);
    expect(measured()).toEqual([true, true, false, false]);
    unlock();
    expect(seen().state).toBe("interrupted");
    writeJournal(journal.length);
    expect([seen().state, measured()]).toEqual(["finished", [true, true, false, false]]);
    expect(seen().cells[0]).toMatchObject({ status: "failed", error: expect.stringContaining("no such thing") });
  });

  it("has a rollout's evidence with the bounds at which it decides, and says what cannot be read", () => {
    const broken = join(home, "broken");
    const state = app.stateReader([runs, broken], registry, false)();
    const [rollout] = state.models[0]!.rollouts;
    expect(rollout).toMatchObject({
      candidate: 2,
      champion: 1,
      phase: "canary",
      percent: 20,
      decision: { action: "wait" },
    });
    const [resolved] = rollout!.metrics;
    expect(resolved).toMatchObject({ observations: { candidate: 1, champion: 1 }, worseBound: 40, notWorseBound: 20 });
    expect(resolved!.course.map(({ pairs }) => pairs)).toEqual([0, 1]);
    expect(state.problems).toEqual([]);
    writeFileSync(join(run, layout.journal), "garbage\n{}\n");
    expect(app.stateReader([runs], registry, false)().problems).toEqual([expect.stringContaining(run)]);
    writeJournal(journal.length);
  });
});

describe("the server", () => {
  it("sends a page only the parts that have changed since it was made", async () => {
    const page = await (await fetch(address)).text();
    const [, stamp] = /data-stamp="([^"]+)"/.exec(page)!;
    const first = async (since: string): Promise<string> => {
      const reader = (await fetch(`${address}/events?since=${since}`)).body!.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      return Buffer.from(value!).toString();
    };
    expect(await first("")).toContain('"id":"live-summary"');
    expect(await first(stamp!)).not.toContain('"id":"live-summary"');
  });

  const act = (body: unknown, bearer = key, to = address) =>
    fetch(`${to}/rollouts/support/rollback`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${bearer}` },
      body: JSON.stringify(body),
    });

  it("serves a page that loads nothing from elsewhere, runs nothing that is in it, and escapes what it shows", async () => {
    const answer = await fetch(address);
    const page = await answer.text();
    expect(answer.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'.*script-src 'self'.*frame-ancestors 'none'$/,
    );
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(page).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=/);
    expect(page).toContain("&lt;img src&#x3D;x");
    expect(page).not.toContain("<img");
    expect(page).toContain("task.science fell &lt;img");
    for (const [, path] of page.matchAll(/(?:src|href)="([a-z]+\.(?:js|css))"/g)) {
      expect((await fetch(`${address}/${path}`)).status, path).toBe(200);
    }
  });

  it("says where it listens, and Ctrl-C ends it", async () => {
    const spoken = await benchProcess(["dashboard", "--port", "0", "--json"], home, {}, /"address"[\s\S]*\}/);
    expect(spoken).toMatchObject({ code: 0, signal: null, stderr: "" });
    const schemas = join(packageRoot, "harness", "contract", "schemas", "outputs.schema.json");
    const { definitions } = JSON.parse(readFileSync(schemas, "utf8"));
    expect(new Ajv({ strict: false }).validate(definitions.dashboard, JSON.parse(spoken.stdout))).toBe(true);
  });

  it("is for this machine: a name that somebody lets point here is refused", async () => {
    const { port } = new URL(address);
    const status = await new Promise((resolve) => {
      request({ host: "127.0.0.1", port, headers: { host: `evil.example:${port}` } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).end();
    });
    expect(status).toBe(403);
  });

  it("only shows without a key, and asks for a reason", async () => {
    const showing = await started();
    expect((await act({ reason: "complaints" }, key, showing)).status).toBe(403);
    expect(await (await fetch(showing)).text()).not.toContain("data-rollback");
    expect((await act({ reason: "complaints" }, "wrong")).status).toBe(401);
    expect((await act({ reason: " " })).status).toBe(400);
    expect((await act("{")).status).toBe(400);
    const { stdout } = await bench(["rollout", "status", "support", "--json"], home);
    expect(JSON.parse(stdout).rollout.phase).toBe("canary");
  });
});

describe.skipIf(!hasChromium)("in Chromium", () => {
  let browser: Browser;
  const complaints: string[] = [];

  const open = async (options: Parameters<Browser["newPage"]>[0] = {}): Promise<Page> => {
    const page = await openPage(browser, { viewport: { width: 1280, height: 900 }, ...options });
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (asked) => {
      if (!asked.url().startsWith(address) && !asked.url().startsWith("data:")) complaints.push(asked.url());
    });
    await page.goto(address);
    await page.getByRole("status").getByText("live").waitFor();
    return page;
  };

  beforeAll(async () => {
    browser = await launchChromium();
    closing.push(() => browser.close());
  });

  it("is accessible by axe, and nothing overflows, in both themes, wide and narrow, with the dialog too", async () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
    // the other theme differs in its colors alone
    const rules = { light: "undefined", dark: "['color-contrast']" };
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await open({ colorScheme });
      await page.evaluate(axe);
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 900 });
        await page.evaluate(() => {
          for (const details of document.querySelectorAll("details")) details.open = true;
        });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        if (width === 360) await page.getByRole("button", { name: /Roll back support/ }).click();
        const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
          `axe.run(document, { resultTypes: ['violations'], runOnly: ${rules[colorScheme]} })`,
        );
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html.slice(0, 120)}`)).toEqual([]);
      }
      await page.close();
    }
    expect(complaints).toEqual([]);
  });

  it("shows what changes without a reload, keeps what was unfolded, and rolls back with key and reason", async () => {
    const page = await open();
    const details = page.locator("#live-rollouts details", { hasText: "What happened" });
    await details.locator("summary").click();
    await observe(0, 1);
    const evidence = page.getByRole("region", { name: "Evidence on support" });
    await evidence.getByRole("row", { name: /^resolved 2 2/ }).waitFor();
    expect(await details.getAttribute("open")).not.toBeNull();
    await page.getByRole("button", { name: /Roll back support/ }).click();
    const dialog = page.getByRole("dialog", { name: "Roll back support" });
    await dialog.getByLabel("Reason").fill("complaints of users");
    await dialog.getByLabel("Key").fill("not the key of anybody");
    await dialog.getByRole("button", { name: "Roll back" }).click();
    await dialog.getByRole("alert").getByText("the key is missing or wrong").waitFor();
    await dialog.getByLabel("Key").fill(key);
    await dialog.getByRole("button", { name: "Roll back" }).click();
    await page.locator("#live-rollouts .flag", { hasText: "rolled back" }).waitFor();
    expect(await dialog.isVisible()).toBe(false);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Nothing in progress");
    const { stdout } = await bench(["rollout", "status", "support", "--json"], home);
    const { phase, history } = JSON.parse(stdout).rollout;
    expect([phase, history.at(-1).reason]).toEqual(["rolled-back", "complaints of users"]);
    expect(complaints.filter((text) => !text.includes("401"))).toEqual([]);
    await page.close();
  });
});
