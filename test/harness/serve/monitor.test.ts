import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { MonitorMessage } from "../../../harness/contract/monitor.js";
import { signatureOf } from "../../../harness/run/alerts/webhook.js";
import { Traffic } from "../../../harness/serve/monitor/traffic.js";
import { newDirectory } from "../../files.js";
import { bench } from "../cli/support.js";
import { type OtherServer, otherServer, serve, twoVersions } from "./support.js";
import { firstAlert } from "./watched.js";

const home = newDirectory();
const messages: (MonitorMessage & { signed: boolean })[] = [];
const webhook = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  const timestamp = String(request.headers["x-bench-timestamp"]);
  const signed = request.headers["x-bench-signature"] === signatureOf("a secret", timestamp, body);
  messages.push({ ...JSON.parse(body), signed });
  response.end();
});
const forgotten = new Set<string>();
let registry: string;
let model: OtherServer;
let server: Awaited<ReturnType<typeof serve>>;

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await pause(50);
};
const metrics = async (): Promise<string> => (await fetch(`${server.address}/metrics`)).text();
const log = (): string => {
  const file = join(registry, "monitors", "support", "log.jsonl");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
};
const ask = (content: string) =>
  fetch(`${server.address}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "support", messages: [{ role: "user", content }] }),
  });
const started = async (): Promise<void> => {
  const settings = { probe: join(home, "data"), probeItems: 15, monitor: 0.2, monitorCalls: 48 };
  const upstream = [1, 2].map((version) => `support@${version}=${model.root}`);
  server = await serve(registry, ["support"], { ...settings, upstream, alerts: join(home, "alerts.yaml") });
};

beforeAll(async () => {
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  process.env.MONITOR_SECRET = "a secret";
  const { port } = webhook.address() as AddressInfo;
  const settings = `webhook: { url: "http://127.0.0.1:${port}", secretVariable: MONITOR_SECRET }`;
  writeFileSync(join(home, "alerts.yaml"), `alerts:\n  ${settings}\n`);
  registry = await twoVersions(home);
  for (const task of ["capitals", "rivers"]) {
    mkdirSync(join(home, "data", task), { recursive: true });
    for (const split of ["train", "test"]) {
      const items = Array.from({ length: 30 }, (_, i) => ({ prompt: `${task} ${split} ${i}?`, answer: "Paris" }));
      writeFileSync(join(home, "data", task, `${split}.json`), JSON.stringify(items));
    }
  }
  model = await otherServer(({ messages: asked }) => {
    const [{ content }] = (asked ?? [{ content: "a call for embeddings" }]) as [{ content: string }];
    return { text: [...forgotten].some((task) => content.startsWith(task)) ? "forgotten" : "Paris" };
  });
  await started();
});

afterAll(async () => {
  delete process.env.MONITOR_SECRET;
  await server.server.close();
  await model.close();
  webhook.closeAllConnections();
  await new Promise((resolve) => webhook.close(resolve));
});

it("says nothing of a version that answers as it did, and where a task falls says it once, also after a restart", async () => {
  await until(() => (log().match(/(capitals|rivers)\.[^"]*":1/g) ?? []).length >= 60);
  await until(async () =>
    (await metrics()).includes('bench_monitor_score{model="support",version="1",subject="task.rivers"} 1'),
  );
  expect(messages).toEqual([]);
  await server.server.close();
  forgotten.add("capitals");
  await started();
  await until(() => messages.length > 0);
  const [{ signed, schema, alert }] = messages as [(typeof messages)[0]];
  expect([signed, schema]).toEqual([true, "monitor-alert@1"]);
  expect(alert).toMatchObject({
    ...{ severity: "critical", kind: "task", model: "support", version: 1, subject: "task.capitals" },
    ...{ against: "its first answers", before: 1, now: 0 },
  });
  const asked = model.asked.length;
  await until(() => model.asked.length > asked + 60);
  expect(messages).toHaveLength(1);
  expect(server.log.join("\n")).toContain("bench critical: support@1: task.capitals fell 100.0 → 0.0");
  expect(await metrics()).toContain('bench_monitor_alerts_total{model="support",kind="task",severity="critical"} 1');
});

it("does not say again after a restart what is as bad as it was, and what recovered and falls again it does", async () => {
  const asked = async (calls: number) => {
    const before = model.asked.length;
    await until(() => model.asked.length > before + calls);
  };
  await server.server.close();
  await started();
  await asked(90);
  expect(messages).toHaveLength(1);
  forgotten.delete("capitals");
  await until(() => log().includes('"recovered"'));
  expect(messages).toHaveLength(1);
  forgotten.add("capitals");
  await until(() => messages.length > 1);
  expect(messages[1]!.alert).toMatchObject({ id: messages[0]!.alert.id, subject: "task.capitals" });
});

it("compares a new champion with the former one's answers", async () => {
  messages.length = 0;
  forgotten.add("rivers");
  expect(await bench(["registry", "alias", "support@2", "champion"], home)).toMatchObject({ code: 0 });
  await until(() => messages.some(({ alert }) => alert.version === 2 && alert.subject === "task.rivers"));
  const found = messages.find(({ alert }) => alert.version === 2 && alert.subject === "task.rivers")!;
  expect(found.alert).toMatchObject({ kind: "task", against: "support@1", before: 1, now: 0 });
});

it("warns where what is asked becomes unlike the first calls, in two windows in a row", async () => {
  messages.length = 0;
  const drift = () => messages.filter(({ alert }) => alert.kind === "drift");
  await Promise.all(Array.from({ length: 48 }, (_, i) => ask(`short ${"x".repeat(i % 10)}`)));
  let sent = 0;
  while (drift().length === 0) {
    await Promise.all(Array.from({ length: 12 }, (_, i) => ask(`a much longer question ${"y".repeat(200 + i)}`)));
    sent += 12;
  }
  expect(sent).toBeGreaterThanOrEqual(96);
  expect(drift()[0]!.alert).toMatchObject({ severity: "warning", subject: "lengths", items: 48, version: 2 });
  expect(await metrics()).toMatch(/bench_monitor_drift\{model="support",statistic="lengthStability"\} \d/);
  const state = JSON.stringify(log());
  expect(state).not.toContain("a much longer question");
});

it("compares embeddings of what is asked, and does without where there are none", async () => {
  const compared = async (vectorOf: (text: string) => number[] | undefined) => {
    const traffic = new Traffic(48);
    const embed = async (texts: string[]) => {
      const vectors = texts.flatMap((text) => vectorOf(text) ?? []);
      return vectors.length === 0 ? undefined : texts.map((text) => Float32Array.from(vectorOf(text)!));
    };
    for (const [window, word] of ["river", "invoice"].entries()) {
      for (let call = 0; call < 48; call++) {
        traffic.add(`${word} ${call % 7}`, 0.1 + window);
        if (call === 23) await traffic.compare(embed);
      }
      if (window === 0) expect(await traffic.compare(embed)).toBeUndefined();
    }
    return (await traffic.compare(embed))!;
  };
  const apart = await compared((text) => [text.startsWith("river") ? 0 : 5, Number(text.at(-1))]);
  expect(apart.embeddings!.probability).toBeLessThan(0.01);
  expect(apart.seconds).toMatchObject({ before: expect.closeTo(0.1), now: expect.closeTo(1.1) });
  const alike = await compared((text) => [Number(text.at(-1)), 1]);
  expect(alike.embeddings!.probability).toBeGreaterThan(0.05);
  expect((await compared(() => undefined)).embeddings).toBeUndefined();
});

it("alerts by chance about at most a twentieth of the versions, however often it looks, and finds what a task forgot", async () => {
  const [versions, looks] = [50, 100];
  const share = async (watched: Omit<Parameters<typeof firstAlert>[0], "looks" | "seed">) => {
    const seeds = Array.from({ length: versions }, (_, seed) => seed);
    const found = await Promise.all(seeds.map((seed) => firstAlert({ ...watched, looks, seed })));
    return found.filter((look) => look !== null).length / versions;
  };
  expect(await share({ right: () => 0.8 })).toBeLessThanOrEqual(0.05);
  expect(await share({ right: (task, look) => (task === 0 && look > 40 ? 0.2 : 0.8) })).toBe(1);
  // 5% for each comparison at each look, as if it were the only one
  const whole = (look: number) => (0.05 * 4) / (1 / Math.log2(look + 1) - 1 / Math.log2(look + 2));
  expect(await share({ right: () => 0.8, noise: whole })).toBeGreaterThan(0.5);
});
