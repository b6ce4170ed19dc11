import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { AnswerLimitError, boundedFetch } from "../../../harness/http/bounded-fetch.js";
import { sendRequest } from "../../../harness/http/request.js";
import { secondsToWait } from "../../../harness/hub/fetch.js";
import { resolveReference } from "../../../harness/hub.js";
import { newDirectory } from "../../files.js";
import { MisbehavingServer, type Received } from "../misbehaving-server.js";

type Answer = (request: Received, response: ServerResponse) => unknown;

const servers: MisbehavingServer[] = [];

/** A server that answers as it is told, and its address. */
function serve(answer: Answer): Promise<string> {
  const server = new MisbehavingServer([], answer);
  servers.push(server);
  return server.start();
}

afterEach(() => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) server.stop();
});

/** Sends pieces as long as they are taken. */
const endless =
  (piece: Buffer, milliseconds = 0): Answer =>
  (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write(piece), milliseconds);
    response.on("close", () => clearInterval(timer));
  };

describe("an answer has limits", () => {
  const limits = { bytes: 1000, firstByteSeconds: 60, silenceSeconds: 60, wholeSeconds: 60 };
  const problem = async (answer: Answer, changes: Partial<typeof limits>) => {
    const url = await serve(answer);
    const reading = async () => (await boundedFetch(url, {}, { ...limits, ...changes })).text();
    const error = await reading().then(
      () => expect.fail("it was read"),
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(AnswerLimitError);
    return error.message;
  };

  it.each<[string, Answer, Partial<typeof limits>, string]>([
    ["no headers", () => undefined, { firstByteSeconds: 0.2 }, "no answer within 0.2 s"],
    [
      "a body that stops",
      (_, response) => response.writeHead(200).write("a"),
      { silenceSeconds: 0.2 },
      "no further byte within 0.2 s",
    ],
    ["a body that drips", endless(Buffer.from("a"), 20), { wholeSeconds: 1 }, "no further byte within 1 s"],
    ["a body without an end", endless(Buffer.alloc(400)), {}, "an answer of more than 1000 bytes"],
    [
      "a small body that becomes large",
      (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(10_000_000))),
      {},
      "an answer of more than 1000 bytes",
    ],
  ])("%s", async (_name, answer, changes, message) => {
    expect(await problem(answer, changes)).toBe(message);
  });

  it("and what is within them comes whole, with its address and headers", async () => {
    const url = await serve((_, response) => response.writeHead(200, { link: "<a>" }).end("b".repeat(1000)));
    const answer = await boundedFetch(`${url}/x`, {}, limits);
    expect([answer.url, answer.headers.get("link"), await answer.text()]).toEqual([
      `${url}/x`,
      "<a>",
      "b".repeat(1000),
    ]);
  });

  it("an endless answer of an endpoint or a webhook is not asked for again", async () => {
    let asked = 0;
    const url = await serve((request, response) => {
      asked += 1;
      endless(Buffer.alloc(4 * 1024 * 1024))(request, response);
    });
    const policy = { timeoutSeconds: 60, retries: 3, waitSeconds: 0 };
    const failure = sendRequest(url, { method: "GET" }, policy, JSON.parse);
    await expect(failure).rejects.toMatchObject({
      code: "ENDPOINT_FAILED",
      message: expect.stringContaining("16777216"),
    });
    expect(asked).toBe(1);
  });
});

describe("a hostile Hub", () => {
  const commit = "1234567890abcdef1234567890abcdef12345678";
  const oid = "44f4e69ef5b1dd0e4cf07a0e8c0a3d2cfb1f2ad5";
  const token = "hf_secret";

  beforeEach(() => {
    vi.stubEnv("HF_HOME", newDirectory());
    vi.stubEnv("HF_TOKEN", token);
    for (const name of ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE"]) vi.stubEnv(name, undefined);
  });

  const json = (response: ServerResponse, value: unknown, headers: Record<string, string> = {}) =>
    response.writeHead(200, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
  const file = (size: number) => ({ type: "file", path: "config.json", size, oid });

  /** What comes of a repository whose listing and file are answered so. */
  async function outcome(tree: Answer, download: Answer = () => undefined) {
    const requests: Received[] = [];
    const url = await serve((request, response) => {
      requests.push(request);
      if (request.path.includes("/revision/")) return json(response, { _id: "1", id: "o/m", sha: commit });
      return (request.path.includes("/tree/") ? tree : download)(request, response);
    });
    vi.stubEnv("HF_ENDPOINT", url);
    const error = await resolveReference("hf://o/m", "model").then(
      () => undefined,
      (thrown) => thrown,
    );
    if (error !== undefined) expect(error.code).toBe("HUB_UNAVAILABLE");
    return { message: error?.message as string | undefined, requests };
  }

  it("gets the token on its own origin alone: not where a listing goes on, not where a file is", async () => {
    const elsewhere: Received[] = [];
    const other = await serve((request, response) => {
      elsewhere.push(request);
      if (request.path === "/more") return json(response, [file(1)]);
      return response.writeHead(206, { etag: '"x"', "content-range": "bytes 0-0/1" }).end("x");
    });
    const { requests } = await outcome(
      (_, response) => json(response, [], { link: `<${other}/more>; rel="next"` }),
      (_, response) => response.writeHead(302, { location: `${other}/file` }).end(),
    );
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(requests.map(() => `Bearer ${token}`));
    expect(elsewhere.map(({ path }) => path)).toEqual(expect.arrayContaining(["/more", "/file"]));
    expect(elsewhere.map(({ headers }) => headers.authorization)).toEqual(elsewhere.map(() => undefined));
  });

  it("cannot list without an end", async () => {
    const { message } = await outcome((request, response) =>
      json(response, [], { link: `<http://${request.headers.host}${request.path}>; rel="next"` }),
    );
    expect(message).toContain("more than 200 answers");
    const entries = Array(100_001).fill({ type: "file", path: "a", size: 1, oid });
    expect((await outcome((_, response) => json(response, entries))).message).toContain("more than 100000 files");
  });

  it("is asked again where it is busy, within a cap", async () => {
    let busy = 2;
    const { message } = await outcome((_, response) =>
      busy-- > 0 ? response.writeHead(429, { "retry-after": "0" }).end() : json(response, []),
    );
    expect(message).toBeUndefined();
    const refused = await outcome((_, response) => response.writeHead(503, { "retry-after": "0" }).end());
    expect(refused.message).toContain("answered 503");
    expect(refused.requests.filter(({ path }) => path.includes("/tree/"))).toHaveLength(5);
  });

  it.each<[string, number, number, string]>([
    ["another size than listed", 20, 20, "has 20 bytes, not 10 as listed"],
    ["more bytes than it says", 10, 5000, "has more than 10 bytes as listed"],
    ["fewer bytes than it says", 10, 5, "broke off after 5 of 10 bytes"],
  ])("sends a file of %s", async (_name, said, sent, expected) => {
    const { message } = await outcome(
      (_, response) => json(response, [file(10)]),
      (request, response) =>
        request.headers.range === undefined
          ? response.writeHead(200).end(Buffer.alloc(sent))
          : response.writeHead(206, { etag: '"x"', "content-range": `bytes 0-0/${said}` }).end("x"),
    );
    expect(message).toContain(expected);
  });

  it("answers a request for a file without content", async () => {
    const { message } = await outcome(
      (_, response) => json(response, [file(10)]),
      (request, response) =>
        request.headers.range === undefined
          ? response.writeHead(204).end()
          : response.writeHead(206, { etag: '"x"', "content-range": "bytes 0-0/10" }).end("x"),
    );
    expect(message).toContain("was answered 204, without content");
  });

  it("calls nonsense a size", async () => {
    for (const size of [-1, 1e300, "10", null]) {
      const { message } = await outcome((_, response) => json(response, [{ ...file(1), size }]));
      expect(message).toContain(`it calls ${JSON.stringify(size)} the size of config.json`);
    }
  });
});

test("what a busy server asks for is waited for, up to a minute each and three in all", () => {
  const wait = (value: string | undefined, attempt = 1, waited = 0, status = 429) =>
    secondsToWait(
      { status, headers: new Headers(value === undefined ? {} : { "retry-after": value }) },
      attempt,
      waited,
    );
  expect([
    wait("5"),
    wait("86400"),
    wait("99999999999999999999"),
    wait("-5"),
    wait("never"),
    wait(undefined, 3),
  ]).toEqual([5, 60, 60, expect.any(Number), 1, 4]);
  expect([wait("60", 3, 120), wait("60", 4, 121), wait("1", 5), wait("1", 1, 0, 500)]).toEqual([
    60,
    undefined,
    undefined,
    undefined,
  ]);
});
