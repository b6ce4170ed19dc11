import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { newDirectory } from "../../files.js";
import { MisbehavingServer, misbehavior, type Received } from "../misbehaving-server.js";
import { bench, words, wordsModel } from "./support.js";

const local = ["words", "--trainer", "memory-frozen", "--quick"];
const remote = ["words", "--quick", "--json"];

let server: MisbehavingServer | undefined;
afterEach(() => server?.stop());

/** A server's model: it answers by the last digit of the question, always the same. */
function completion({ body, path }: Received): string {
  if (path === "/v1/models") return JSON.stringify({ data: [{ id: "small" }] });
  const { prompt, messages, model: asked } = JSON.parse(body);
  const question: string = prompt ?? messages[0].content;
  const text = ` ${"ABCA"[Number(question.at(-1))]}`;
  const choice = messages ? { message: { content: text } } : { text };
  return JSON.stringify({
    model: asked,
    choices: [{ index: 0, finish_reason: "stop", ...choice }],
    usage: { completion_tokens: 2 },
  });
}

const wellBehaved = (received: Received, response: { end(text: string): void }) =>
  void setTimeout(() => response.end(completion(received)), 2);

const evaluate = (given: readonly string[], directory: string) => bench(["evaluate", ...given], directory, {}, [words]);

async function ask(given: readonly string[], directory: string) {
  const spoken = await evaluate(given, directory);
  return { ...spoken, result: spoken.stdout === "" ? {} : JSON.parse(spoken.stdout) };
}

it("evaluates a model directory once; the second time nothing is computed, and that is said", async () => {
  const directory = newDirectory();
  const checkpoint = join(directory, "checkpoint");
  cpSync(wordsModel, checkpoint, { recursive: true });
  const first = await evaluate([checkpoint, ...local], directory);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toMatch(/mean +\d+\.\d\n/);
  expect(first.stdout).toContain("132 answers computed."); // 3 tasks × (24 test + 12 shifted) + 2 probes × 12
  const again = await evaluate([checkpoint, ...local], directory);
  expect(again.stdout).toContain("Nothing was computed: all 132 answers");
  const moved = join(directory, "moved");
  cpSync(checkpoint, moved, { recursive: true });
  const elsewhere = await evaluate([moved, ...local, "--json"], directory);
  expect(JSON.parse(elsewhere.stdout)).toMatchObject({ asked: 0, known: 132 }); // the content counts, not the path
  const [entry, ...rest] = JSON.parse(readFileSync(join(moved, "weights.json"), "utf8"));
  writeFileSync(join(moved, "weights.json"), JSON.stringify(rest));
  expect(entry).toBeDefined();
  const changed = await evaluate([moved, ...local, "--json"], directory);
  expect(JSON.parse(changed.stdout)).toMatchObject({ asked: 132, known: 0 });
  expect(readdirSync(join(directory, "runs"))).toHaveLength(2);
});

it("evaluates a model behind a server that misbehaves, with the same scores as behind one that does not", async () => {
  const { status, hang, reset, text, torn } = misbehavior;
  const other = JSON.stringify({ model: "large", choices: [{ index: 0, text: "A", finish_reason: "stop" }] });
  const answer = completion({ path: "", body: JSON.stringify({ prompt: "x 1", model: "small" }), headers: {}, at: 0 });
  const faults = [
    ...[status(503), status(429, { "retry-after": "1" }), status(500), hang(), reset()],
    ...[torn(answer), text(answer.slice(0, 40)), text(other), text("null"), status(502)],
  ];
  server = new MisbehavingServer(faults, wellBehaved, ({ path }) => path !== "/v1/models");
  const url = `${await server.start()}/v1`;
  const flags = ["--timeout", "4", "--retries", "6", "--concurrency", "4"];
  const directory = newDirectory();
  const bad = await ask([url, ...remote, ...flags], directory);
  expect(bad.code, bad.stderr).toBe(0);
  expect(bad.result).toMatchObject({ asked: 132, known: 0, model: { architecture: "endpoint" } });
  expect(faults).toEqual([]); // every one of them was met
  expect(server.concurrent).toBeLessThanOrEqual(5); // one may hang at the server while its question is asked again
  expect(server.concurrent).toBeGreaterThan(1);
  const before = server.received.length;
  const again = await ask([url, ...remote, ...flags, "--concurrency", "2"], directory);
  expect(again.result).toMatchObject({ asked: 0, known: 132, score: bad.result.score });
  expect(server.received.slice(before).map(({ path }) => path)).toEqual(["/v1/models"]);

  const well = await ask([url, ...remote, "--revision", "the same weights, said to be others"], directory);
  expect(well.result).toMatchObject({ asked: 132, tasks: bad.result.tasks, probes: bad.result.probes });
  const chat = await ask([url, ...remote, "--api", "chat"], directory);
  expect(chat.result).toMatchObject({ asked: 132, tasks: bad.result.tasks });
  expect(server.received.at(-1)!.path).toBe("/v1/chat/completions");
});

it("ends with a coded error when a server does not recover, lacks the model, or refuses the key", async () => {
  server = new MisbehavingServer([], ({ path, body, headers, at }, response) =>
    path.endsWith("/models")
      ? response.end(completion({ path, body, headers, at }))
      : response.writeHead(500).end("out of memory"),
  );
  const url = `${await server.start()}/v1`;
  const directory = newDirectory();
  const dead = await ask([url, ...remote, "--retries", "1"], directory);
  expect(dead.code).toBe(1);
  expect(dead.result.error).toMatchObject({
    code: "ENDPOINT_FAILED",
    message: expect.stringMatching(/500: out of memory \(2 attempts\)$/),
  });
  const absent = await ask([url, ...remote, "--served-model", "huge"], directory);
  expect(absent.code).toBe(2);
  expect(absent.result.error).toMatchObject({ code: "MODEL_INVALID", fix: "Name one of them behind #: small." });
  const nowhere = await ask(["http://127.0.0.1:1/v1", ...remote, "--retries", "0"], directory);
  expect(nowhere.result.error).toMatchObject({ code: "ENDPOINT_FAILED" });
  const learner = await ask([wordsModel, "words", "--trainer", "memory-sequential", "--json"], directory);
  expect(learner).toMatchObject({ code: 2, result: { error: { code: "USAGE" } } });
});
