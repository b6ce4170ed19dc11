import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addVersion } from "../../../harness/app/registry/add-version.js";
import { moveAlias } from "../../../harness/app/registry/aliases.js";
import { packageRoot } from "../../../harness/contract/files.js";
import { rooms } from "../../../rooms.js";
import { embeddedModel, newDirectory } from "../../files.js";
import { hasPackages, python } from "../../python.js";
import { type OtherServer, otherServer, serve } from "./support.js";

const key = "a key of thirty-two characters..";
let place: string;
let registry: string;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  place = newDirectory();
  registry = join(place, "registry");
  const options = { registry, by: "tester" };
  await addVersion("support", embeddedModel, options, { builtIns: rooms });
  await moveAlias("support@1", "champion", options);
  writeFileSync(join(place, "keys.txt"), `${key}\n`);
});

afterAll(async () => {
  for (const each of opened.reverse()) await each.close();
});

const started = async (options: Parameters<typeof serve>[2]) => {
  const serving = await serve(registry, ["support"], { keys: join(place, "keys.txt"), ...options });
  opened.push(serving.server);
  return serving.address;
};

/** A call as it is written, without what `fetch` would put right. */
function call(address: string, method: string, path: string, headers: Record<string, string>, body: string) {
  const { hostname, port } = new URL(address);
  return new Promise<number>((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      answer.resume().once("end", () => resolve(answer.statusCode!));
    });
    sent.once("error", reject).end(body);
  });
}

test("with keys, nothing reaches the server behind without one, whatever the call (a law)", async () => {
  const upstream: OtherServer = await otherServer(() => ({ text: "good" }));
  opened.push(upstream);
  const address = await started({ upstream: [`support@1=${upstream.root}`] });
  const body = JSON.stringify({ model: "support", messages: [{ role: "user", content: "x" }] });
  const json = { "content-type": "application/json" };
  const known = [
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/feedback",
    "/v1/rollouts/support/gate",
  ];
  const path = fc.oneof(
    fc.constantFrom(...known),
    fc.constantFrom(...known).map((each) => each.replace("/v1", "/v1/health/..")),
    fc.constantFrom(...known).map((each) => `/health?x=${each}`),
    fc.constantFrom(...known).map((each) => `/${each}`),
    fc.constantFrom(...known).map((each) => `${each}?key=${encodeURIComponent(key)}`),
    fc.constantFrom(...known).map((each) => each.replace("v1", "%76%31")),
    fc.webPath().map((each) => `/${each}`),
  );
  const wrong = fc.oneof(
    fc.constantFrom(
      undefined,
      "",
      "Bearer",
      "Bearer ",
      key,
      `Basic ${key}`,
      `Bearer ${key.slice(1)}`,
      `Bearer ${key}x`,
    ),
    fc.constantFrom(`Bearer ${key.toUpperCase()}`, `Bearer ${key},${key}`, `Bearer x ${key}`, `Bearer "${key}"`),
    fc.stringMatching(/^[ -~]{0,60}$/).filter((text) => text.trim() !== `Bearer ${key}`),
  );
  const other = fc.constantFrom<Record<string, string>>(
    {},
    { "x-api-key": key },
    { "x-forwarded-for": "127.0.0.1" },
    { host: "localhost" },
  );
  await fc.assert(
    fc.asyncProperty(path, wrong, other, fc.constantFrom("POST", "PUT", "GET"), async (to, given, more, method) => {
      const headers = { ...json, ...more, ...(given !== undefined && { authorization: given }) };
      const status = await call(address, method, to, { ...headers, "content-length": `${body.length}` }, body);
      expect([400, 401, 404]).toContain(status);
      expect(upstream.asked).toEqual([]);
    }),
    { numRuns: 100 },
  );
  const headers = { ...json, authorization: `Bearer ${key}`, "content-length": `${body.length}` };
  expect(await call(address, "POST", known[0]!, headers, body)).toBe(200);
  expect(upstream.asked).toHaveLength(1);
});

test.runIf(hasPackages("openai"))(
  "OpenAI's client of Python is answered in all its ways, streams included",
  async () => {
    const script = join(packageRoot, "test", "harness", "serve", "openai_client.py");
    const { stdout } = await promisify(execFile)(python, [script, await started({}), key]);
    const { parts, usage, wholeUsage, whole, ids, ...said } = JSON.parse(stdout);
    expect(said).toEqual({
      models: ["support", "support@1", "support@champion"],
      chat: "Paris",
      completion: "Paris",
      vectors: [96, 96],
      errors: [
        ["AuthenticationError", 401, "invalid_api_key", null],
        ["NotFoundError", 404, "model_not_found", "model"],
        ["BadRequestError", 400, "unsupported_parameter", "tools"],
      ],
    });
    expect(parts.join("")).toBe(whole);
    expect(parts.length).toBeGreaterThan(5);
    expect(usage).toEqual(wholeUsage);
    expect(ids[0]).toBe(ids[1]);
  },
);
