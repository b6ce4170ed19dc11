import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { addVersion } from "../../harness/app/registry/add-version.js";
import { moveAlias } from "../../harness/app/registry/aliases.js";
import { rooms } from "../../rooms.js";
import { embeddedModel } from "../files.js";
import { serve } from "../harness/serve/support.js";

/**
 * What `bench serve` adds to the time of a server behind it: the same calls to the server and through bench, in turn, one
 * at a time and 16 at a time; then malformed calls. CALLS changes how many.
 */
const calls = Number(process.env.CALLS ?? 2000);
const directory = mkdtempSync(join(tmpdir(), "bench-serve-"));
const registry = join(directory, "registry");
const options = { registry, by: "a measurement" };
await addVersion("support", embeddedModel, options, { builtIns: rooms });
await moveAlias("support@1", "champion", options);

/** In a thread of its own, as a server is a process of its own. */
const upstream = new Worker(
  `const { createServer } = require("node:http");
   const { parentPort } = require("node:worker_threads");
   const answer = JSON.stringify({ id: "x", object: "chat.completion", created: 0, model: "m",
     choices: [{ index: 0, message: { role: "assistant", content: "yes" }, finish_reason: "stop" }] });
   const server = createServer((request, response) => {
     request.resume().on("end", () => response.writeHead(200, { "content-type": "application/json" }).end(answer));
   });
   server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`,
  { eval: true },
);
const port = await new Promise<number>((resolve) => upstream.once("message", resolve));
const bare = `http://127.0.0.1:${port}`;
const { address, server } = await serve(registry, ["support"], { upstream: [`support@1=${bare}/v1`] });

const body = JSON.stringify({ model: "support", messages: [{ role: "user", content: "x".repeat(500) }] });

async function call(root: string, sent = body): Promise<{ status: number; milliseconds: number; text: string }> {
  const began = performance.now();
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${root}/v1/chat/completions`, { method: "POST", headers, body: sent });
  const text = await answer.text();
  return { status: answer.status, milliseconds: performance.now() - began, text };
}

/** Calls a server, so many at a time. */
async function load(root: string, concurrency: number): Promise<{ perSecond: number; times: number[] }> {
  const times: number[] = [];
  const began = performance.now();
  let left = calls;
  const client = async (): Promise<void> => {
    while (left-- > 0) times.push((await call(root)).milliseconds);
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  return { perSecond: (1000 * calls) / (performance.now() - began), times: times.sort((a, b) => a - b) };
}

const at = (times: readonly number[], share: number): number => times[Math.floor(share * times.length)]!;

for (const concurrency of [1, 16]) {
  for (const root of [bare, address]) await load(root, concurrency); // warm
  const rows = [];
  for (const [name, root] of [["bare", bare] as const, ["bench serve", address] as const]) {
    const { perSecond, times } = await load(root, concurrency);
    const [p50, p99] = [at(times, 0.5), at(times, 0.99)];
    rows.push({ name, perSecond, p50, p99 });
    console.log(
      `${name.padEnd(12)} ${concurrency} at a time: ${perSecond.toFixed(0)} calls/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
    );
  }
  console.log(`added at p50: ${(rows[1]!.p50 - rows[0]!.p50).toFixed(2)} ms`);
}

/** Prompts that come again and again, and chats that grow: each call is the one before and a turn. */
const turn = "a river and its city, ";
const workloads: Record<string, (index: number) => string> = {
  "prompts that come again": (index) => `Question ${(index * 5 + (index >> 3)) % 8}: ${turn.repeat(20)}`,
  "chats that grow": (index) =>
    `Question ${index % 8}: ${Array.from({ length: 1 + ((index >> 3) % 12) }, (_, at) => `${at} ${turn.repeat(2)}`).join("")}`,
};

const ask = (root: string, content: string, more: object) => {
  const asked = { model: "support", messages: [{ role: "user", content }], temperature: 1, seed: 1, ...more };
  return call(root, JSON.stringify(asked));
};

/** Answers of the embedded model without and with the cache of prompts. */
for (const [name, contentOf] of Object.entries(workloads)) {
  const answers: string[] = [];
  for (const promptCache of [0, 64]) {
    const local = await serve(registry, ["support"], { promptCache });
    const times: number[] = [];
    let [cached, all] = [0, 0];
    const given: string[] = [];
    for (let index = 0; index < Math.min(400, calls); index++) {
      const { text, milliseconds } = await ask(local.address, contentOf(index), { max_tokens: 2 });
      const { choices, usage } = JSON.parse(text);
      times.push(milliseconds);
      given.push(choices[0].message.content);
      cached += usage.prompt_tokens_details.cached_tokens;
      all += usage.prompt_tokens;
    }
    answers.push(given.join("\n"));
    times.sort((a, b) => a - b);
    console.log(
      `${name}, ${Math.round(all / times.length)} tokens, ${promptCache} MiB: ${((100 * cached) / all).toFixed(0)}% of the tokens kept, p50 ${at(times, 0.5).toFixed(1)} ms, p99 ${at(times, 0.99).toFixed(1)} ms`,
    );
    await local.server.close();
  }
  console.log(`the same answers: ${answers[0] === answers[1]}`);
}

/** How long a short answer takes while a long one is written. */
const local = await serve(registry, ["support"]);
const long = ask(local.address, "Explain", { max_tokens: 400, temperature: 2, seed: 3 });
let [short, ended] = [0, false];
void long.then(() => {
  ended = true;
});
const between: number[] = [];
for (; !ended; short++) between.push((await ask(local.address, `${short}`, { max_tokens: 2 })).milliseconds);
const { milliseconds, text: written } = await long;
console.log(
  `an answer of ${JSON.parse(written).usage.completion_tokens} tokens, ${milliseconds.toFixed(0)} ms; ${short} of two tokens meanwhile, p50 ${at(
    between.sort((a, b) => a - b),
    0.5,
  ).toFixed(1)} ms`,
);
await local.server.close();

const malformed = [
  "",
  "{",
  "[]",
  '{"model":{}}',
  '{"model":"support","messages":'.padEnd(9000, "["),
  "\u0000\u0001",
  '"x"',
];
const statuses = new Map<number, number>();
for (let index = 0; index < 10_000; index++) {
  const { status } = await call(address, malformed[index % malformed.length]);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
}
console.log(`10,000 malformed calls: ${[...statuses].map(([status, count]) => `${count} × ${status}`).join(", ")}`);
console.log(`after them: ${(await call(address)).status}`);
await server.close();
await upstream.terminate();
rmSync(directory, { recursive: true, force: true });
