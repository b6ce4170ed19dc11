import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ServingModels } from "../../../harness/app/serve-models.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { bench, benchProcess } from "../cli/support.js";
import { type OtherServer, otherServer, serve, twoVersions } from "./support.js";

const question = { role: "user" as const, content: "Question: What is the capital of France?\nAnswer:" };
const home = mkdtempSync(join(tmpdir(), "serve-"));
const registry = join(home, "registry");
const key = "a key of thirty-two characters..";
const opened: { close(): Promise<void> }[] = [];
/** What never comes fails a test in place of keeping it for ever. */
const patiently = { timeout: 300_000, interval: 20 };

const started = async (...given: Parameters<typeof serve>): ReturnType<typeof serve> => {
  const serving = await serve(...given);
  opened.push(serving.server);
  return serving;
};
const other = async (...given: Parameters<typeof otherServer>): Promise<OtherServer> => {
  const server = await otherServer(...given);
  opened.push(server);
  return server;
};
const clientOf = ({ address }: Pick<ServingModels, "address">, apiKey = "none") =>
  new OpenAI({ baseURL: `${address}/v1`, apiKey, maxRetries: 0 });
const post = (address: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${address}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

beforeAll(async () => {
  await twoVersions(home);
});

afterAll(async () => {
  for (const each of opened.reverse()) await each.close();
});

describe("the embedded model, asked by OpenAI's client", () => {
  let serving: ServingModels;
  let client: OpenAI;
  const chat = { model: "support", messages: [question], temperature: 0, max_tokens: 12 };
  /** At this temperature the model writes anything, characters whose bytes are not complete too. */
  const wild = { ...chat, messages: [{ ...question, content: "Explain" }], temperature: 2, max_tokens: 40 };

  beforeAll(async () => {
    writeFileSync(join(home, "keys.txt"), `${key}\nanother key of some length\n`);
    serving = await started(registry, ["support"], { keys: join(home, "keys.txt") });
    client = clientOf(serving, key);
  });

  it("lists what can be asked for", async () => {
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual(["support", "support@1", "support@2", "support@champion"]);
  });

  it("answers a chat, by a name, a version and an alias alike", async () => {
    for (const model of ["support", "support@1", "support@champion"]) {
      const { data, response } = await client.chat.completions.create({ ...chat, model }).withResponse();
      expect(data.choices[0]).toMatchObject({
        message: { role: "assistant", content: "Paris" },
        finish_reason: "stop",
      });
      const details = { cached_tokens: 0 }; // shorter than a block
      const counts = { prompt_tokens: 13, completion_tokens: 2, total_tokens: 15 };
      expect(data.usage).toEqual({ ...counts, prompt_tokens_details: details });
      expect(response.headers.get("x-bench-version")).toBe("support@1");
      expect(response.headers.get("x-request-id")).toBe(data.id);
    }
  });

  it("streams the same text part by part, with its numbers of tokens", async () => {
    const asked = { ...wild, seed: 3, stop: ["turn a plan"] };
    const whole = await client.chat.completions.create(asked);
    const stream = await client.chat.completions.create({
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    });
    const parts: string[] = [];
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) parts.push(chunk.choices[0].delta.content);
      usage = chunk.usage ?? usage;
    }
    expect(parts.join("")).toBe(whole.choices[0]!.message.content);
    expect(parts.length).toBeGreaterThan(5);
    expect(whole.choices[0]!.message.content).not.toContain("turn a plan");
    expect(usage).toEqual(whole.usage);
  });

  it("shares what prompts that begin alike have in common, and answers calls while another one streams", async () => {
    const messages = [question, { role: "assistant" as const, content: "Paris" }, question, question];
    const long = await client.chat.completions.create({ ...chat, messages });
    const longer = await client.chat.completions.create({ ...chat, messages: [...messages, question] });
    expect([long, longer].map(({ usage }) => usage!.prompt_tokens_details!.cached_tokens)).toEqual([0, 32]);
    const other = await clientOf(serving, "another key of some length").chat.completions.create({ ...chat, messages });
    expect(other.usage!.prompt_tokens_details!.cached_tokens).toBe(0);
    const asked = { ...wild, max_tokens: 120, seed: 3, stream: true as const };
    const texts: string[] = [];
    const streams = await Promise.all(
      [question.content, "Tell"].map((content) =>
        client.chat.completions.create({ ...asked, messages: [{ ...question, content }] }),
      ),
    );
    for await (const { choices } of streams[0]!) {
      if (texts.length === 0)
        expect((await client.chat.completions.create(chat)).choices[0]!.message.content).toBe("Paris");
      texts.push(choices[0]?.delta.content ?? "");
    }
    const whole = await client.chat.completions.create({ ...wild, max_tokens: 120, seed: 3, messages: [question] });
    expect(texts.join("")).toBe(whole.choices[0]!.message.content);
    streams[1]!.controller.abort(); // its client leaves
  });

  it("gives the same sampled answer for a seed, whatever is asked at the same time", async () => {
    const sampled = { ...wild, seed: 7 };
    const alone = await client.chat.completions.create(sampled);
    const many = await Promise.all(
      [sampled, { ...sampled, seed: 8 }, sampled, { ...chat, max_tokens: 40 }].map((each) =>
        client.chat.completions.create(each),
      ),
    );
    const texts = many.map(({ choices }) => choices[0]!.message.content);
    expect([texts[0], texts[2]]).toEqual(Array(2).fill(alone.choices[0]!.message.content));
    expect(new Set(texts).size).toBe(3);
  });

  it("completes several prompts, and embeds", async () => {
    const { choices } = await client.completions.create({
      ...{ model: "support", prompt: [question.content, "Question: What is the capital of Italy?\nAnswer:"] },
      ...{ temperature: 0, max_tokens: 12 },
    });
    expect(choices.map(({ text }) => text)).toEqual(["Paris", "Rome"]);
    const { data } = await client.embeddings.create({ model: "support", input: ["a river", "a lake"] });
    const floats = await client.embeddings.create({ model: "support", input: "a lake", encoding_format: "float" });
    expect(data).toHaveLength(2);
    expect(data[1]!.embedding).toHaveLength(floats.data[0]!.embedding.length);
    for (const [index, value] of floats.data[0]!.embedding.entries()) {
      expect(data[1]!.embedding[index]).toBeCloseTo(value, 5);
    }
  });

  it.each([
    [{ ...chat, model: "other" }, 404, "model"],
    [{ ...chat, model: "support@9" }, 404, "model"],
    [{ ...chat, tools: [] }, 400, "tools"],
    [{ ...chat, n: 2 }, 400, "n"],
    [{ ...chat, messages: [] }, 400, "messages"],
    [
      { ...chat, messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] }] },
      400,
      undefined,
    ],
    [{ ...chat, temperature: 9 }, 400, "temperature"],
    [{ ...chat, messages: [{ role: "user", content: "river ".repeat(2000) }] }, 400, "messages"],
  ])("refuses what it does not understand by name: %j", async (body, status, param) => {
    const answer = await post(serving.address, "/v1/chat/completions", body, { authorization: `Bearer ${key}` });
    expect(answer.status).toBe(status);
    const { error } = (await answer.json()) as { error: { message: string; param: string } };
    expect(error.message).not.toBe("");
    if (param !== undefined) expect(error.param).toBe(param);
  });

  it("lets nobody in without a key", async () => {
    for (const apiKey of ["wrong", "a key of thirty-two characters.", ""]) {
      const answer = await post(serving.address, "/v1/chat/completions", chat, { authorization: `Bearer ${apiKey}` });
      expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([
        ...[401, "invalid_api_key"],
      ]);
    }
    expect((await fetch(`${serving.address}/metrics`)).status).toBe(401);
    expect((await fetch(`${serving.address}/health`)).status).toBe(200);
    await expect(serve(registry, ["support"], { host: "0.0.0.0" })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("answers malformed calls cleanly", async () => {
    const bodies = [
      "",
      "{",
      "[]",
      "null",
      '"x"',
      '{"model":1}',
      '{"__proto__":{},"model":"support"}',
      "\u0000",
      "[".repeat(9999),
    ];
    for (const path of ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/feedback"]) {
      for (const body of bodies) {
        const answer = await post(serving.address, path, body, { authorization: `Bearer ${key}` });
        expect(answer.status, `${path} ${body.slice(0, 20)}`).toBe(400);
        expect(await answer.json()).toHaveProperty("error.message");
      }
    }
    const huge = await post(serving.address, "/v1/feedback", " ".repeat(5_000_000), { authorization: `Bearer ${key}` });
    expect(huge.status).toBe(413);
  });
});

it("bench serve says where it listens, and Ctrl-C ends it", async () => {
  const spoken = await benchProcess(["serve", "support", "--port", "0", "--json"], home, {}, /listening at http/);
  expect(spoken).toMatchObject({ code: 0, signal: null });
  const printed = JSON.parse(spoken.stdout);
  expect(printed).toEqual({ address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), models: ["support"] });
  const schema = JSON.parse(
    readFileSync(join(packageRoot, "harness", "contract", "schemas", "outputs.schema.json"), "utf8"),
  );
  expect(new Ajv({ strict: false }).validate(schema.definitions.serve, printed)).toBe(true);
});

describe("rollouts over servers of another make", () => {
  const policy = join(home, "policy.yaml");
  const start = async (reason: string) => {
    const started = await bench(["rollout", "start", "support@2", "--policy", policy, "--reason", reason], home);
    expect(started).toMatchObject({ code: 0 });
  };
  const status = async () => JSON.parse((await bench(["rollout", "status", "support", "--json"], home)).stdout);
  const ask = async (address: string, user: string) => {
    const answer = await post(address, "/v1/chat/completions", { model: "support", messages: [question], user });
    return {
      status: answer.status,
      version: answer.headers.get("x-bench-version"),
      id: answer.headers.get("x-request-id")!,
    };
  };
  /** Asks as many users at the same time, and scores each answer. */
  const traffic = async (address: string, users: number, scoreOf: (version: string, user: number) => number) => {
    const scored = Array.from({ length: users }, async (_, user) => {
      const { id, version } = await ask(address, `user-${user}`);
      return (await post(address, "/v1/feedback", { id, metric: "resolved", value: scoreOf(version!, user) })).status;
    });
    expect(new Set(await Promise.all(scored))).toEqual(new Set([200]));
  };

  beforeAll(() => {
    writeFileSync(
      policy,
      "steps: [20, 50]\nminimum: 5\nmetrics:\n  resolved: { margin: 0.3 }\n  failed: { margin: 0.3, lowerIsBetter: true }\n",
    );
  });

  it("splits by the user, counts feedback once, and goes back when the candidate is worse", async () => {
    const good = await other(() => ({ text: "good" }));
    const bad = await other(() => ({ text: "bad" }));
    await start("a worse one");
    const upstream = [`support@1=${good.root}`, `support@2=${bad.root}#its-name`];
    const { address, server } = await started(registry, ["support"], { upstream });
    const versions = new Map<string, string | null>();
    for (let user = 0; user < 40; user++) versions.set(`user-${user}`, (await ask(address, `user-${user}`)).version);
    expect(new Set(versions.values())).toEqual(new Set(["support@1", "support@2"]));
    for (const [user, version] of versions) expect((await ask(address, user)).version).toBe(version);
    expect(bad.asked[0]!.body).toMatchObject({ model: "its-name", messages: [question] });
    expect(good.asked[0]!.headers.authorization).toBeUndefined();

    const candidate = [...versions].find(([, version]) => version === "support@2")![0];
    const { id } = await ask(address, candidate);
    const twice = [1, 1].map((value) => post(address, "/v1/feedback", { id, metric: "resolved", value }));
    const outcomes = (await Promise.all((await Promise.all(twice)).map((answer) => answer.json()))) as {
      recorded: boolean;
    }[];
    expect(outcomes.map(({ recorded }) => recorded).sort()).toEqual([false, true]);
    const forged = id.replace("~2~", "~1~");
    expect((await post(address, "/v1/feedback", { id: forged, metric: "resolved", value: 1 })).status).toBe(404);
    expect((await post(address, "/v1/feedback", { id, metric: "failed", value: 1 })).status).toBe(400);
    expect((await post(address, "/v1/feedback", { id, metric: "resolved", value: 2 })).status).toBe(400);

    await traffic(address, 120, (version) => (version === "support@2" ? 0 : 1));
    expect((await post(address, "/v1/rollouts/support/gate", {})).status).toBe(412);
    const metrics = await (await fetch(`${address}/metrics`)).text();
    expect(metrics).toMatch(/bench_rollout_percent\{model="support"\} 20/);
    await server.close();
    expect(await bench(["rollout", "advance", "support", "--json"], home)).toMatchObject({ code: 1 });
    expect((await status()).rollout.phase).toBe("rolled-back");
  });

  it("promotes a candidate that is as good, by itself", async () => {
    const same = await other(() => ({ text: "good" }));
    await start("as good");
    const upstream = [`support@1=${same.root}`, `support@2=${same.root}`];
    const { address, log, server } = await started(registry, ["support"], { upstream, advance: 0.2 });
    // of each version every tenth answer is bad; bad users would all be one version's now and then, which is worse in truth
    const answers = new Map<string, number>();
    const score = (version: string) => {
      const count = (answers.get(version) ?? 0) + 1;
      answers.set(version, count);
      return count % 10 === 0 ? 0 : 1;
    };
    for (let round = 0; round < 200 && (await status()).rollout.phase !== "promoted"; round++) {
      await traffic(address, 40, score);
    }
    // the rollout's log says it first, then the server's, and calls follow
    await expect.poll(() => log.join("\n"), patiently).toMatch(/support: advance[\s\S]*support: promote/);
    await expect.poll(() => ask(address, "user-0"), patiently).toMatchObject({ version: "support@2" });
    await server.close();
    expect(await bench(["rollout", "rollback", "support", "--reason", "for the next test"], home)).toMatchObject({
      code: 0,
    });
  });

  it("puts held-out items of every task to both versions, each once, and goes back where one is forgotten", async () => {
    const told = (right: boolean) => (body: Record<string, unknown>) => {
      const [{ content }] = body.messages as [{ content: string }];
      return { text: right || !content.includes("capital") ? "Paris" : "forgotten" };
    };
    const knowing = await other(told(true));
    const forgetting = await other(told(false));
    const data = join(home, "data");
    mkdirSync(data);
    for (const [task, ask] of [
      ["capitals", "the capital of"],
      ["cities", "the largest city of"],
    ]) {
      mkdirSync(join(data, task!));
      const item = (split: string, i: number) => ({ prompt: `${ask} ${split} country ${i}?`, answer: "Paris" });
      for (const split of ["train", "test"]) {
        const items = Array.from({ length: 30 }, (_, i) => item(split, i));
        writeFileSync(join(data, task!, `${split}.json`), JSON.stringify(items));
      }
    }
    writeFileSync(
      join(home, "retention.yaml"),
      "steps: [20]\nminimum: 20\nmetrics:\n  task.capitals: { margin: 0.2 }\n  task.cities: { margin: 0.2 }\n",
    );
    const given = ["rollout", "start", "support@2", "--policy", join(home, "retention.yaml"), "--reason", "forgetful"];
    expect(await bench(given, home)).toMatchObject({ code: 0 });
    const upstream = [`support@1=${knowing.root}`, `support@2=${forgetting.root}`];
    const { server, log } = await started(registry, ["support"], {
      upstream,
      advance: 0.1,
      probe: data,
      probeItems: 25,
    });
    await expect.poll(() => log.length, patiently).toBeGreaterThan(0);
    await server.close();
    expect(log.join()).toMatch(/support: roll back: task.capitals is worse by more than 0.2/);
    const { decision } = await status();
    expect(decision.evidence["task.cities"].difference).toBe(0);
    const asked = knowing.asked.map(({ body }) => JSON.stringify(body.messages));
    expect(new Set(asked).size).toBe(asked.length);
  });

  it("lets the champion answer where the candidate fails, and remembers that it failed", async () => {
    const good = await other(() => ({ text: "good" }));
    const failing = await other(() => ({ status: 500, text: "" }));
    await start("one that fails");
    const upstream = [`support@1=${good.root}`, `support@2=${failing.root}`];
    const { address, server } = await started(registry, ["support"], { upstream });
    const answers = [];
    for (let user = 0; user < 30; user++) answers.push(await ask(address, `user-${user}`));
    expect(new Set(answers.map(({ status, version }) => `${status} ${version}`))).toEqual(new Set(["200 support@1"]));
    expect(failing.asked.length).toBeGreaterThan(0);
    await server.close();
    const { decision } = await status();
    expect(decision.evidence.failed).toMatchObject({ observations: { candidate: failing.asked.length } });
    expect(decision.evidence.failed.difference).toBe(-1);
    expect(await bench(["rollout", "abort", "support", "--reason", "it fails"], home)).toMatchObject({ code: 0 });
  });

  it("ends the calls that are under way before it closes", async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = await other(() => ({ text: "late", after: released }));
    const { address, server } = await started(registry, ["support"], { upstream: [`support@1=${slow.root}`] });
    const asked = Array.from({ length: 5 }, (_, user) => ask(address, `user-${user}`));
    await expect.poll(() => slow.asked.length, patiently).toBe(5);
    const closed = server.close();
    release();
    await closed;
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    await expect(ask(address, "user-9")).rejects.toThrow();
  });

  it("says when it is busy, and when to come again", async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = await other(() => ({ text: "late", after: released }));
    const { address } = await started(registry, ["support"], { upstream: [`support@1=${slow.root}`], pending: 2 });
    const asked = [ask(address, "user-1"), ask(address, "user-2")];
    await expect.poll(() => slow.asked.length, patiently).toBe(2);
    const body = { model: "support", messages: [question] };
    const busy = await post(address, "/v1/chat/completions", body);
    expect(busy.status).toBe(429);
    expect(Number(busy.headers.get("retry-after"))).toBeGreaterThan(0);
    release();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await post(address, "/v1/chat/completions", body)).status).toBe(200);
  });

  it("mirrors to a shadow, whose answers nobody gets", async () => {
    const good = await other(() => ({ text: "good" }));
    const shadow = await other((_, index) => ({ text: index % 2 === 0 ? "good" : "bad" }));
    const { address, server } = await started(registry, ["support"], {
      upstream: [`support@1=${good.root}`, `support@2=${shadow.root}`],
      shadow: "support@2:50",
    });
    for (let user = 0; user < 40; user++) expect((await ask(address, `user-${user}`)).version).toBe("support@1");
    while (shadow.asked.length < 5) await new Promise((resolve) => setTimeout(resolve, 10));
    const metrics = await (await fetch(`${address}/metrics`)).text();
    await server.close();
    expect(shadow.asked.length).toBeLessThan(40);
    expect(metrics).toMatch(/bench_shadow_total\{model="support",version="2",outcome="different"\} \d/);
  });

  it("a server that cannot be reached, or lies, is a clean error", async () => {
    const lying = await other(() => ({ text: "x" }));
    const { address } = await started(registry, ["support"], {
      ...{ upstream: ["support@1=http://127.0.0.1:9/v1", `support@2=${lying.root}/nowhere`], timeout: 1 },
    });
    expect((await ask(address, "user-1")).status).toBe(502);
  });

  it("a damaged log moves no traffic and stops none", async () => {
    const good = await other(() => ({ text: "good" }));
    const { address, log } = await started(registry, ["support"], { upstream: [`support@1=${good.root}`] });
    appendFileSync(join(registry, "log.jsonl"), "garbage\n{}\n");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await ask(address, "user-1")).toMatchObject({ status: 200, version: "support@1" });
    expect(log.join("\n")).toMatch(/registry or rollout/);
  });
});
