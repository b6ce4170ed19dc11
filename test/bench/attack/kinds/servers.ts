import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { RandomStream } from "../../../../harness/contract/random.js";
import { resolveReference } from "../../../../harness/hub.js";
import { openEndpoint } from "../../../../trainers/endpoint/open.js";
import { HubServer } from "../../../suites/hub/hub-server.js";
import { type Kind, type Outcome, outcomeOf, requirePass } from "../kind.js";
import { mutateBytes, mutateJson } from "../mutate.js";

interface Reply {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** A server whose replies are changed by what `disturb` does at the time. */
export async function openServer(answer: (path: string, request: IncomingMessage) => Promise<Reply>) {
  const state = { disturb: (_path: string, reply: Reply): Reply | "silence" => reply };
  const server = createServer(async (request, response) => {
    const reply = state.disturb(request.url!, await answer(request.url!, request));
    if (reply === "silence") return;
    try {
      response.writeHead(reply.status, reply.headers);
    } catch {
      response.writeHead(500);
    }
    response.end(reply.body);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  server.unref();
  return { state, root: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A reply in which something is not as it was. */
export function changed(reply: Reply, draw: RandomStream): Reply | "silence" {
  switch (draw.integer(8)) {
    case 0:
      return { ...reply, status: draw.pick([204, 301, 302, 400, 401, 404, 429, 500, 503]) };
    case 1:
      return {
        ...reply,
        headers: {
          ...reply.headers,
          location: draw.pick(["/", "file:///etc/passwd", "http://["]),
          link: "<x>; rel=next",
        },
      };
    case 2:
      return draw.integer(4) === 0 ? "silence" : { ...reply, body: Buffer.alloc(0) };
    case 3:
    case 4:
      return { ...reply, body: mutateBytes(reply.body, draw) };
    default:
      try {
        return { ...reply, body: Buffer.from(JSON.stringify(mutateJson(JSON.parse(reply.body.toString()), draw))) };
      } catch {
        return { ...reply, body: mutateBytes(reply.body, draw) };
      }
  }
}

/** The Hub is waited for longer than a try may take. */
const answered = (reply: Reply | "silence", instead: Reply): Reply => (reply === "silence" ? instead : reply);

const json = { "content-type": "application/json" };

export const endpoints: Kind = {
  name: "endpoint",
  share: 4,
  async open() {
    const completion = {
      model: "m",
      choices: [{ text: "x", index: 0, finish_reason: "stop" }],
      usage: { completion_tokens: 1 },
    };
    const { state, root } = await openServer(async (path) => ({
      ...{ status: 200, headers: json },
      body: Buffer.from(JSON.stringify(path.endsWith("models") ? { data: [{ id: "m" }] } : completion)),
    }));
    const attempt = (target: string, draw?: RandomStream): Promise<Outcome> => {
      state.disturb = (path, reply) => (draw !== undefined && path.endsWith(target) ? changed(reply, draw) : reply);
      return outcomeOf(`an endpoint with another answer to ${target}`, async () => {
        const { client, model } = await openEndpoint(`${root}/v1?retries=0&timeout=1`);
        await client.complete(model, ["question"], { maxNewTokens: 4 });
      });
    };
    requirePass(await attempt("models"));
    return async (draw) => attempt(draw.pick(["models", "completions"]), draw);
  },
};

export const hubs: Kind = {
  name: "Hub",
  share: 3,
  async open(place) {
    const commit = "1234567890abcdef1234567890abcdef12345678";
    const contents = {
      "config.json": Buffer.from('{"model_type":"llama"}'),
      "model.safetensors": Buffer.alloc(3000, 7),
    };
    const files = Object.entries(contents).map(([path, content]) => ({ path, content, lfs: path !== "config.json" }));
    const hub = new HubServer([{ id: "models/owner/tiny", refs: { main: commit }, files }]);
    const origin = await hub.start();
    const { state, root } = await openServer(async (path, { method, headers: asked }) => {
      const reply = await fetch(origin + path, {
        method,
        redirect: "manual",
        headers: asked.range ? { range: asked.range } : {},
      });
      const headers = Object.fromEntries(
        [...reply.headers].filter(([name]) => method === "HEAD" || name !== "content-length"),
      );
      if (headers.location !== undefined) headers.location = headers.location.replace(origin, root);
      return { status: reply.status, headers, body: Buffer.from(await reply.arrayBuffer()) };
    });
    Object.assign(process.env, { HF_ENDPOINT: root, HF_TOKEN: "" });
    const attempt = async (target: "listing" | "file", draw?: RandomStream): Promise<Outcome> => {
      const isListing = (path: string) => path.startsWith("/api/");
      const isTarget = (path: string) => isListing(path) === (target === "listing");
      state.disturb = (path, reply) =>
        draw !== undefined && isTarget(path) ? answered(changed(reply, draw), reply) : reply;
      process.env.HF_HOME = mkdtempSync(join(place, "home-"));
      const fetched = async () => {
        const { directory } = await resolveReference("hf://owner/tiny", "model");
        if (target === "listing") return "";
        return Object.keys(contents)
          .map((name) => readFileSync(join(directory, name)).toString("latin1"))
          .join();
      };
      const expected = Object.values(contents)
        .map((content) => content.toString("latin1"))
        .join();
      try {
        return await outcomeOf(`a Hub with another ${target}`, fetched, target === "file" ? expected : undefined);
      } finally {
        rmSync(process.env.HF_HOME, { recursive: true, force: true });
      }
    };
    requirePass(await attempt("file"));
    return async (draw) => attempt(draw.pick(["listing", "file"]), draw);
  },
};
