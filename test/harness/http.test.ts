import { afterEach, expect, it } from "vitest";
import { sendRequest } from "../../harness/http/request.js";
import { MisbehavingServer, misbehavior } from "./misbehaving-server.js";

const { status, hang, text, torn } = misbehavior;
const policy = { timeoutSeconds: 5, retries: 3, waitSeconds: 0.02 };
const get = { method: "GET" } as const;

let server: MisbehavingServer;
afterEach(() => server.stop());

async function start(...script: ConstructorParameters<typeof MisbehavingServer>[0]): Promise<string> {
  server = new MisbehavingServer(script, text("[1]"));
  return server.start();
}

it("waits as long as the server asks, by seconds or by a date; else twice as long each time", async () => {
  const date = new Date(Date.now() + 4000).toUTCString();
  const url = await start(status(429, { "retry-after": "1" }), status(503, { "retry-after": date }), status(500));
  expect(await sendRequest(url, get, policy, JSON.parse)).toEqual({ value: [1], attempts: 4 });
  const gaps = server.received.slice(1).map(({ at }, index) => at - server.received[index]!.at);
  expect(gaps[0]).toBeGreaterThan(990);
  expect(performance.timeOrigin + server.received[2]!.at).toBeGreaterThan(Date.parse(date) - 10);
  expect(gaps[2]).toBeGreaterThan(75); // 0.02 s doubled twice
});

it("takes a time-out, a torn answer and one that cannot be read for failures worth another attempt", async () => {
  const url = await start(hang(), torn("[1, 2, 3, 4]"), text("[1, 2"));
  expect(await sendRequest(url, get, policy, JSON.parse)).toEqual({ value: [1], attempts: 4 });
});

it("does not repeat what cannot help, follows no redirection, and never shows path or key of an address", async () => {
  const url = await start(
    status(404),
    status(302, { location: "http://example.invalid" }),
    ...Array(4).fill(status(500)),
  );
  const secret = `${url.replace("http://", "http://user:password@")}/hook?token=secret`;
  const failure = (address: string) => sendRequest(address, get, policy, JSON.parse).catch((error) => error);
  const refused = await failure(`${url}/hook?token=secret`);
  expect(refused).toMatchObject({ code: "ENDPOINT_FAILED", message: `${url}: it answered 404: busy` });
  expect(await failure(`${url}/hook`)).toMatchObject({ message: `${url}: it answered 302: busy` });
  expect(await failure(`${url}/hook`)).toMatchObject({ message: `${url}: it answered 500: busy (4 attempts)` });
  server.received.length = 0;
  expect(await sendRequest(secret, get, policy, JSON.parse)).toMatchObject({ value: [1], attempts: 1 });
  expect(server.received[0]!.headers.authorization).toBe(`Basic ${btoa("user:password")}`);
  server.stop();
  expect((await failure(secret)).message).not.toMatch(/secret|password/);
});

it("ends at once when it is cancelled", async () => {
  const url = await start(status(429, { "retry-after": "30" }));
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 100);
  await expect(sendRequest(url, get, policy, JSON.parse, controller.signal)).rejects.toMatchObject({
    code: "CANCELLED",
  });
  expect(server.received).toHaveLength(1); // it did not wait for what the server asked
});
